package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.certificate.issuer.ChallengeAnswer;
import dev.postern.certificate.served.AlpnChallengeTable;
import dev.postern.certificate.served.ChallengeTable;
import dev.postern.certificate.store.NotLeader;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.HandClock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is answered to CAs, of which the store knows, over the lives of several processes. */
class StoredAnswersTest {
    private static final ChallengeAnswer FIRST = answer("first");
    private static final ChallengeAnswer SECOND = answer("second");

    @TempDir
    private Path directory;

    private final HandClock clock = new HandClock(Instant.parse("2026-11-01T12:00:00Z"));

    /** One process: the store, and what connections look into. */
    private final class Life implements AutoCloseable {
        private final ChallengeTable http = new ChallengeTable();
        private final AlpnChallengeTable tls = new AlpnChallengeTable(clock);
        private final Store store;
        private final StoredAnswers answers;

        private Life() throws Exception {
            store = FileStore.open(directory.resolve("certs"));
            answers = new StoredAnswers(store, http, tls, clock);
            answers.restore();
        }

        private List<String> kept() throws Exception {
            return store.challenges().tokens();
        }

        @Override
        public void close() {
            store.close();
        }
    }

    @AfterEach
    void noInterruptIsLeft() {
        assertThat(Thread.interrupted()).isFalse();
    }

    private static ChallengeAnswer answer(String token) {
        return new ChallengeAnswer("site.example", "www.site.example", token, token + ".thumbprint");
    }

    @Test
    void answerIsKeptWhileItIsShownAndWhereItIsLeft() throws Exception {
        try (Life life = new Life()) {
            life.answers.http01().present(FIRST);
            life.answers.http01().present(SECOND);
            assertThat(life.kept()).containsExactly("first", "second");

            life.answers.http01().withdraw(FIRST);
            assertThat(life.kept()).containsExactly("second");
            assertThat(life.http.answer("first")).isNull();

            life.answers.http01().leave(SECOND);
            assertThat(life.kept()).containsExactly("second");
            assertThat(life.http.answer("second")).isEqualTo("second.thumbprint");
        }
        try (Life next = new Life()) {
            assertThat(next.http.answer("second")).isEqualTo("second.thumbprint");
            assertThat(next.http.isOpenFor("www.site.example")).isTrue();
            assertThat(next.http.answer("second", "192.0.2.1")).isNotNull();

            // The order goes on, and knows who came in the meantime.
            next.answers.http01().present(SECOND);
            assertThat(next.answers.http01().seen(SECOND)).startsWith("1 client ");
            next.answers.http01().withdraw(SECOND);
            assertThat(next.http.answer("second")).isNull();
            assertThat(next.kept()).isEmpty();
        }
    }

    @Test
    void whatIsLeftIsGoneOnceTheNamesAreProven() throws Exception {
        ChallengeAnswer other = new ChallengeAnswer("other.example", "other.example", "other", "other.thumbprint");
        try (Life life = new Life()) {
            life.answers.http01().present(FIRST);
            life.answers.http01().present(other);
            life.answers.tlsAlpn01().present(SECOND);
        }
        try (Life next = new Life()) {
            next.answers.http01().proven("site.example");

            assertThat(next.kept()).containsExactly("other", "second");
            assertThat(next.http.answer("first")).isNull();
            assertThat(next.http.answer("other")).isNotNull();
            assertThat(next.tls.find("www.site.example")).isNotNull();

            next.answers.tlsAlpn01().proven("site.example");
            assertThat(next.tls.find("www.site.example")).isNull();
            assertThat(next.kept()).containsExactly("other");
        }
    }

    @Test
    void whatNobodyTakesUpEnds() throws Exception {
        try (Life life = new Life()) {
            life.answers.http01().present(FIRST);
            life.answers.tlsAlpn01().present(SECOND);
        }
        clock.advance(Duration.ofHours(23));
        try (Life next = new Life()) {
            assertThat(next.http.answer("first")).isNotNull();
            assertThat(next.tls.find("www.site.example")).isNotNull();
            next.answers.http01().present(FIRST);

            clock.advance(Duration.ofHours(1));
            next.answers.sweep();

            // Of an order in flight.
            assertThat(next.http.answer("first")).isNotNull();
            assertThat(next.tls.find("www.site.example")).isNull();
            assertThat(next.kept()).containsExactly("first");
        }
        clock.advance(Duration.ofHours(23));
        try (Life last = new Life()) {
            assertThat(last.http.answer("first")).isNull();
            assertThat(last.kept()).isEmpty();
        }
    }

    /** One certificate has room for one answer. */
    @Test
    void answerThatIsLeftForANameGivesWayToThatOfAnOrder() throws Exception {
        try (Life life = new Life()) {
            life.answers.tlsAlpn01().present(FIRST);
            life.answers.tlsAlpn01().leave(FIRST);
            assertThat(life.tls.find("www.site.example")).isNotNull();
            clock.advance(Duration.ofSeconds(1));
            life.answers.tlsAlpn01().present(SECOND);
        }
        try (Life next = new Life()) {
            // The later one, whose end is not that of the other.
            next.answers.tlsAlpn01().withdraw(FIRST);
            assertThat(next.tls.find("www.site.example")).isNotNull();

            next.answers.tlsAlpn01().present(answer("third"));
            next.answers.tlsAlpn01().withdraw(SECOND);
            assertThat(next.tls.find("www.site.example")).isNotNull();
            next.answers.tlsAlpn01().withdraw(answer("third"));
            assertThat(next.tls.find("www.site.example")).isNull();
        }
    }

    @Test
    void storeThatRefusesIsToldOnceAndAnswersAreShown() throws Exception {
        try (Life life = new Life();
                CapturedLog log = CapturedLog.begin()) {
            Path folder = directory.resolve("certs/.challenges");
            Files.createDirectories(folder.getParent());
            Files.writeString(folder, "in the way");

            life.answers.http01().present(FIRST);
            life.answers.http01().present(SECOND);

            assertThat(life.http.answer("second")).isNotNull();
            assertThat(log.lines("not kept")).hasSize(1);
            life.answers.http01().withdraw(SECOND);
            assertThat(life.http.answer("second")).isNull();
        }
    }

    @Test
    void whoeverHasTheStoreNoMoreEndsTheOrder() throws Exception {
        try (Life life = new Life()) {
            life.store.close();

            assertThatThrownBy(() -> life.answers.http01().present(FIRST)).isInstanceOf(NotLeader.class);
        }
    }

    @Test
    void whatCannotBeUnderstoodIsPassedOverAndSwept() throws Exception {
        Path folder = Files.createDirectories(directory.resolve("certs/.challenges"));
        for (String text : List.of("", "{", "[]", "{\"type\": \"http-01\"}", "{\"type\": \"dns-02\"}")) {
            Files.writeString(folder.resolve("t" + text.length() + ".json"), text);
        }
        Files.writeString(folder.resolve("no token.json"), "{}");
        Files.writeString(folder.resolve(".new-first.json"), "{");

        try (Life life = new Life()) {
            assertThat(life.kept()).isEmpty();
            life.answers.http01().present(FIRST);
            assertThat(life.kept()).containsExactly("first");
        }
    }

    @Test
    void thereAreNoMoreThanManyCrashesLeave() throws Exception {
        Path folder = Files.createDirectories(directory.resolve("certs/.challenges"));
        try (Life life = new Life()) {
            life.answers.http01().present(FIRST);
            for (int i = 0; i < 4095; i++) {
                Files.createFile(folder.resolve("t" + i + ".json"));
            }

            life.answers.http01().present(SECOND);
            // In the place of the one that there is.
            life.answers.http01().present(FIRST);

            assertThat(life.kept()).hasSize(4096).doesNotContain("second");
            assertThat(life.http.answer("second")).isNotNull();
        }
        try (Life next = new Life()) {
            assertThat(next.kept()).containsExactly("first");
        }
    }
}
