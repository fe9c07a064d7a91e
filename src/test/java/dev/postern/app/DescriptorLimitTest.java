package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What an operator is told whose limits are more than the process has file descriptors for. */
class DescriptorLimitTest {
    @Test
    void isSilentWhereThereAreEnough() {
        assertThat(Descriptors.shortage(8711, 10889, 20_000, 19_600)).isNull();
        // A client does not always have work for a server.
        assertThat(Descriptors.shortage(15_000, 9_800, 20_000, 19_600)).isNull();
    }

    @Test
    void namesWhatIsThereAndWhatItTakes() {
        assertThat(Descriptors.shortage(100_000, 9_800, 20_000, 19_600))
                .isEqualTo(
                        "file descriptors: this process may have 20000, but 100000 connections and 9800 to servers take 110200"
                                + " (expected: LimitNOFILE, or ulimit -n, of at least 110200, or lower limits.connections and"
                                + " limits.server-connections)");
    }

    @Test
    void saysSoWhereTheLeastIsMoreThanThereIs() {
        assertThat(Descriptors.shortage(16, 16, 256, -144))
                .contains("may have 256,")
                .contains("of at least 432,");
    }
}
