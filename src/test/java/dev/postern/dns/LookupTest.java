package dev.postern.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.dns.Lookup.Caa;
import dev.postern.dns.Lookup.CaaProperty;
import dev.postern.dns.Lookup.Family;
import dev.postern.testing.BindServer;
import dev.postern.testing.FreePorts;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Questions to a real BIND. */
class LookupTest {
    @TempDir
    static Path directory;

    private static BindServer bind;
    private static Lookup lookup;

    @BeforeAll
    static void start() {
        bind = BindServer.start(directory, "example.test");
        lookup = new Lookup(List.of(bind.address()), Duration.ofSeconds(5), MonotonicClock.SYSTEM);
    }

    @AfterAll
    static void stop() {
        bind.close();
    }

    @Test
    void addressesAreToldByFamily() throws IOException {
        assertThat(lookup.addresses("both.example.test", Family.IPV4))
                .containsExactly(InetAddress.getByName("192.0.2.4"));
        assertThat(lookup.addresses("both.example.test", Family.IPV6))
                .containsExactly(InetAddress.getByName("2001:db8::4"));
        assertThat(lookup.addresses("alias.example.test", Family.IPV6))
                .containsExactly(InetAddress.getByName("2001:db8::4"));
    }

    @Test
    void nameWithoutThemHasNone_andOneThatIsNotThereNeither() throws IOException {
        assertThat(lookup.addresses("only4.example.test", Family.IPV6)).isEmpty();
        assertThat(lookup.addresses("nowhere.ns.example.test", Family.IPV4)).isEmpty();
    }

    @Test
    void caaIsThatOfTheNextNameAboveThatHasSome() throws IOException {
        assertThat(lookup.caa("a.b.sub.example.test"))
                .isEqualTo(new Caa("sub.example.test", List.of(new CaaProperty(true, "issuewild", ";"))));
        assertThat(lookup.caa("www.example.test"))
                .isEqualTo(new Caa("example.test", List.of(new CaaProperty(false, "issue", "ca.example.net"))));
    }

    @Test
    void serverThatRefusesIsNoAnswer() {
        assertThatThrownBy(() -> lookup.addresses("example.org", Family.IPV4))
                .isInstanceOf(IOException.class)
                .hasMessage("example.org A: no answer: 127.0.0.1:" + bind.port() + ": REFUSED");
    }

    @Test
    void serverThatIsNotThereIsPassedOver_andNamedWhereItIsTheOnlyOne() throws IOException {
        InetSocketAddress dead = new InetSocketAddress(InetAddress.getLoopbackAddress(), FreePorts.next());
        Lookup beside = new Lookup(List.of(dead, bind.address()), Duration.ofSeconds(10), MonotonicClock.SYSTEM);
        Lookup alone = new Lookup(List.of(dead), Duration.ofSeconds(5), MonotonicClock.SYSTEM);

        assertThat(beside.addresses("only4.example.test", Family.IPV4)).hasSize(1);
        assertThatThrownBy(() -> alone.addresses("only4.example.test", Family.IPV4))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("only4.example.test A: no answer")
                .hasMessageContaining("127.0.0.1:" + dead.getPort());
    }
}
