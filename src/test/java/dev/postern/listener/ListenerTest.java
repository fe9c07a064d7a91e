package dev.postern.listener;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.BindAddress;
import java.net.BindException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ListenerTest {
    // Root may bind everything: what others are told cannot be provoked here.
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "Permission denied | permission denied; ports below 1024 need CAP_NET_BIND_SERVICE",
                "Address already in use | address already in use; another program listens there (ss -ltnp 'sport = :80'",
                "bind(..) failed: Address already in use | address already in use; another program listens there",
                "Cannot assign requested address | this host has no such address (expected: one that ip address shows, or sysctl"
                        + " net.ipv4.ip_nonlocal_bind=1, net.ipv6.ip_nonlocal_bind=1 for IPv6, where it comes later, as with VRRP)",
                "Something else | something else",
            })
    void messageSaysWhatIsInTheWay(String reason, String message) {
        assertThat(Listener.message("http", new BindAddress(null, 80), new BindException(reason)))
                .startsWith("listener http :80: bind: " + message);
    }
}
