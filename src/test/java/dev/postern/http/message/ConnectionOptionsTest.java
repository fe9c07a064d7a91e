package dev.postern.http.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ConnectionOptionsTest {
    @Test
    void optionsAreReadWhateverTheirCaseAndSpacing() throws Exception {
        assertThat(of("close")).isEqualTo(new ConnectionOptions(true, false, false, false, List.of()));
        assertThat(of("Keep-Alive")).isEqualTo(new ConnectionOptions(false, true, false, false, List.of()));
        assertThat(of(" keep-alive ,\tUPGRADE")).isEqualTo(new ConnectionOptions(false, true, true, false, List.of()));
        assertThat(of("TE, x-a , X-B, x-a"))
                .isEqualTo(new ConnectionOptions(false, false, false, true, List.of("x-a", "x-b", "x-a")));
        assertThat(of(",, ,")).isEqualTo(ConnectionOptions.NONE);
        assertThat(of("")).isEqualTo(ConnectionOptions.NONE);
    }

    @Test
    void severalFieldsAddUp() throws Exception {
        assertThat(of("keep-alive", "x-a", "close, x-b"))
                .isEqualTo(new ConnectionOptions(true, true, false, false, List.of("x-a", "x-b")));
    }

    @Test
    void optionIsAWholeWord() throws Exception {
        assertThat(of("closed, not-close, keep alive").close()).isFalse();
        assertThat(of("closed, not-close, keep alive").keepAlive()).isFalse();
    }

    @Test
    void fieldsAreNamedWhateverTheirCase() throws Exception {
        Fields fields = fields("X-Secret", "X-SECRET: 1\r\nX-Secrets: 2\r\n");
        ConnectionOptions options = ConnectionOptions.NONE.and(fields, 0, Failure.ByClient.MALFORMED);

        assertThat(options.names(fields, 1)).isTrue();
        assertThat(options.names(fields, 2)).isFalse();
    }

    /** Each is compared with each field: thousands of them would be a way to stop an event loop. */
    @Test
    void moreThan32AreRefused() throws Exception {
        assertThat(of(String.join(",", Collections.nCopies(32, "x"))).named()).isNotEmpty();

        assertThatThrownBy(() -> of(String.join(",", Collections.nCopies(33, "x"))))
                .isInstanceOf(BadMessage.class);
        assertThatThrownBy(() -> of(Collections.nCopies(33, "x").toArray(String[]::new)))
                .isInstanceOf(BadMessage.class);
    }

    private static ConnectionOptions of(String... values) throws BadMessage {
        ConnectionOptions options = ConnectionOptions.NONE;
        for (String value : values) {
            options = options.and(fields(value, ""), 0, Failure.ByClient.MALFORMED);
        }
        return options;
    }

    private static Fields fields(String connection, String more) throws BadMessage {
        byte[] bytes = ("Connection: " + connection + "\r\n" + more + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
        return Objects.requireNonNull(
                new HeadParser(8192, 100).trailers(bytes, bytes.length, Failure.ByClient.MALFORMED, null));
    }
}
