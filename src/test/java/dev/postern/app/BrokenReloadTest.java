package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.postern.config.read.ConfigurationFile;
import dev.postern.control.ControlFailure;
import dev.postern.testing.CapturedLog;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A bug, or a stack that does not suffice, where another configuration is read: it is refused, and what runs goes on. */
class BrokenReloadTest {
    private static final String CONFIG = """
            listeners: { http: { bind: "127.0.0.1:0" }, challenge: { bind: "127.0.0.1:0" } }
            sites: [{ names: [a.example], plain: true, routes: [{ path: /, respond: { status: 200, body: a } }] }]
            """;

    static List<Throwable> anythingButMemory() {
        return List.of(
                new StackOverflowError(),
                new InternalError("a fault of the virtual machine"),
                new NoClassDefFoundError("dev/postern/Gone"),
                new ExceptionInInitializerError(new IllegalStateException()),
                new AssertionError("never"),
                new IllegalStateException("a bug"));
    }

    private static Reloads reloads(Throwable thrown) {
        return new Reloads(
                () -> {
                    BrokenReloadTest.<RuntimeException>raise(thrown);
                    throw new AssertionError("not reached");
                },
                SystemdNotice.of(Map.of()));
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T extends Throwable> void raise(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @ParameterizedTest
    @MethodSource("anythingButMemory")
    void whateverIsThrownWhileItIsReadRefusesIt(Throwable thrown) throws Exception {
        try (Edge edge = Edge.start(ConfigurationFile.parse("old", CONFIG), new Properties(), Clock.systemUTC());
                Reloads reloads = reloads(thrown);
                CapturedLog log = CapturedLog.begin()) {
            reloads.start(edge);

            ControlFailure failure = catchThrowableOfType(ControlFailure.class, reloads::now);

            assertThat(failure.exitCode()).isEqualTo(70);
            assertThat(failure).hasMessageContaining(thrown.toString()).hasMessageNotContaining("\n");
            assertThat(log.lines(" ERROR Reloads - reload: ")).hasSize(2);
            assertThat(log.lines("reload: not done; the configuration before stays in force"))
                    .hasSize(1);
            assertThat(edge.httpAddresses()).hasSize(1);
        }
    }

    @Test
    void whereThereIsNoMemoryNobodyGoesOn() throws Exception {
        for (Error thrown : List.of(
                new OutOfMemoryError("Java heap space"),
                new ExceptionInInitializerError(new OutOfMemoryError("Java heap space")))) {
            try (Edge edge = Edge.start(ConfigurationFile.parse("old", CONFIG), new Properties(), Clock.systemUTC());
                    Reloads reloads = reloads(thrown)) {
                reloads.start(edge);

                assertThatThrownBy(reloads::now).isSameAs(thrown);
            }
        }
    }
}
