package dev.postern.http.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RequestIdsTest {
    @Test
    void idsAreOfOneLengthAndNeverTheSame() {
        RequestIds ids = new RequestIds("a1b2c3d4");
        Set<String> told = new HashSet<>();
        for (int i = 0; i < 70_000; i++) {
            assertThat(told.add(ids.next())).isTrue();
        }

        assertThat(told)
                .allMatch(id -> id.matches("a1b2c3d4[0-9a-f]{8}"))
                .contains("a1b2c3d400000000", "a1b2c3d40001116f");
    }
}
