package dev.postern.balance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Balance;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HashKeyTest {
    @ParameterizedTest(name = "{0} with length {1}, depth {2}, whole {3} is {4}")
    @CsvSource({
        "/a/b/c?q=1, 0, 0, false, /a/b/c",
        "/a/b/c?q=1, 0, 0, true, /a/b/c?q=1",
        "/a/b/c?q=1, 4, 0, false, /a/b",
        "/a/b/c?q=1, 100, 0, true, /a/b/c?q=1",
        "/a/b/c?q=1, 0, 1, false, /a",
        "/a/b/c?q=1, 0, 2, false, /a/b",
        "/a/b/c?q=1, 0, 3, false, /a/b/c",
        "/a/b/c?q=/1, 0, 9, false, /a/b/c",
        "/a/b/c?q=1, 3, 2, false, /a/",
        "/, 0, 1, false, /",
        "/?a/b, 0, 1, true, /?a",
    })
    void uriIsCutAsConfigured(String target, int length, int depth, boolean whole, String key) {
        HashKey uri = HashKey.of(new Balance.Key.Uri(optional(length), optional(depth), whole));

        assertThat(uri.of(request(target))).hasValue(Hash.of(key));
    }

    @ParameterizedTest(name = "user in {0}: {1}")
    @CsvSource({
        "/?user=ann, ann",
        "/?a=1&user=ann, ann",
        "/?a=1&user=ann&b=2, ann",
        "/?user=ann&user=bob, ann",
        "/?user=, ''",
        "/?user, ''",
        "/?users=ann, ''",
        "/?xuser=ann, ''",
        "/user=ann, ''",
        "/?a=user=ann, ''",
        "/?user=&user=bob, bob",
        "/?&&user=ann, ann",
        "/?, ''",
        "/, ''",
    })
    void parameterIsFoundInTheQuery(String target, String value) {
        OptionalLong hash = HashKey.of(new Balance.Key.UrlParam("user")).of(request(target));

        assertThat(hash).isEqualTo(value.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Hash.of(value)));
    }

    @Test
    void headerThatIsAbsentOrEmptyIsNoKey() {
        HashKey header = HashKey.of(new Balance.Key.Header("X-Tenant"));

        assertThat(header.of(new HandAffinity("::1", "/", Map.of("X-Tenant", "a"))))
                .hasValue(Hash.of("a"));
        assertThat(header.of(new HandAffinity("::1", "/", Map.of("X-Tenant", ""))))
                .isEmpty();
        assertThat(header.of(request("/"))).isEmpty();
    }

    @Test
    void sourceIsTheAddressOfTheClient() {
        HashKey source = HashKey.of(new Balance.Key.Source());

        assertThat(source.of(new HandAffinity("192.0.2.1", "/a", Map.of())))
                .isEqualTo(source.of(new HandAffinity("192.0.2.1", "/b", Map.of())))
                .isNotEqualTo(source.of(new HandAffinity("192.0.2.2", "/a", Map.of())));
        assertThat(source.of(Affinity.NONE)).isEmpty();
    }

    private static Affinity request(String target) {
        return new HandAffinity("127.0.0.1", target, Map.of());
    }

    private static OptionalInt optional(int number) {
        return number == 0 ? OptionalInt.empty() : OptionalInt.of(number);
    }
}
