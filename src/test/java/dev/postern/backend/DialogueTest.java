package dev.postern.backend;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Health checks that say something to a server that speaks no HTTP, and listen. */
class DialogueTest {
    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private volatile boolean well;

    /** Greets, and has an answer for each thing it is told; one byte at a time where {@code slowly}. */
    private TestServer server(boolean slowly, String greeting, String... answers) {
        return edge.closes(TestServer.conversing(connection -> {
            if (!well) {
                return;
            }
            say(connection, greeting, slowly);
            for (String answer : answers) {
                byte[] heard = new byte[1024];
                int length = connection.in().read(heard);
                if (length < 0) {
                    return;
                }
                asked.add(new String(heard, 0, length, ISO_8859_1));
                say(connection, answer, slowly);
            }
            connection.in().read();
        }));
    }

    private static void say(TestServer.Connection connection, String text, boolean slowly) throws IOException {
        byte[] bytes = text.getBytes(ISO_8859_1);
        if (!slowly) {
            connection.send(bytes);
            return;
        }
        for (byte one : bytes) {
            connection.send(new byte[] {one});
        }
    }

    private void start(TestServer server, String health) throws Exception {
        edge.start("""
                tcp:
                  - { name: s, bind: "127.0.0.1:0", backend: s }
                backends:
                  s: { servers: ["%s"], health: { interval: 30ms, timeout: 10s, rise: 1, fall: 1, %s } }
                """.formatted(server.address(), health));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            redis      |                       | +PONG\\r\\n
            redis      |                       | -NOAUTH Authentication required.\\r\\n
            postgresql |                       | R\\0\\0\\0\\b\\0\\0\\0\\3
            mysql      | J\\0\\0\\0\\n8.0.36\\0 |
            smtp       | 220 mail ESMTP\\r\\n   | 250-mail\\r\\n250 OK\\r\\n;221 bye\\r\\n
            ldap       |                       | 0\\f\\2\\1\\1a\\7\\n\\1\\0\\4\\0\\4\\0
            """)
    void aServerThatAnswersAsItsProtocolSaysIsWell(String type, @Nullable String greeting, @Nullable String answers)
            throws Exception {
        for (boolean slowly : new boolean[] {false, true}) {
            edge.stop();
            well = false;
            try (CapturedLog log = CapturedLog.begin()) {
                start(server(slowly, unescaped(greeting), answers(answers)), "type: " + type);
                await().until(() ->
                        !log.lines("connection closed without an answer").isEmpty());
                well = true;
                await().until(() -> !log.lines("1 good health check").isEmpty());
                int before = asked.size();
                await().until(() -> asked.size() >= before + 2 || type.equals("mysql"));
                assertThat(log.lines("health check: answered")).isEmpty();
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            redis      |                                           | -LOADING Redis is loading\\r\\n | -LOADING
            postgresql |                                           | E\\0\\0\\0\\bFATAL                  | (expected: "R")
            mysql      | \\27\\0\\0\\0\\377\\20\\4Too many connections | x                              | Too many connections
            smtp       | 421 busy\\r\\n                             | x                              | 421 busy
            smtp       | 220 mail\\r\\n                             | 502 what?\\r\\n                  | 502 what?
            """)
    void aServerThatAnswersSomethingElseIsNot(String type, @Nullable String greeting, String answers, String fault)
            throws Exception {
        well = true;
        try (CapturedLog log = CapturedLog.begin()) {
            start(server(false, unescaped(greeting), answers(answers)), "type: " + type);

            await().until(() -> !log.lines(fault).isEmpty());
        }
    }

    @Test
    void whatIsToBeSaidAndHeardIsTheOperators() throws Exception {
        well = true;
        try (CapturedLog log = CapturedLog.begin()) {
            start(server(true, "hello\r\n", "and you?\r\n", "go\377on"), """
                    type: tcp, dialogue: [{ expect: "hello" }, { send: "how are you\\r\\n", expect: "you" },
                      { send: "\\x00\\xff", expect: "\\xff" }, { send: "bye" }]""");
            await().until(() -> asked.size() >= 2);

            assertThat(List.copyOf(asked).subList(0, 2)).containsExactly("how are you\r\n", "\0\377");
            assertThat(log.lines("health check")).isEmpty();
        }
    }

    @Test
    void aMessageShowsWhatWasHeardLegibly() throws Exception {
        well = true;
        try (CapturedLog log = CapturedLog.begin()) {
            start(server(false, "-ERR \33[31m \"x\"\r\n"), "type: smtp");

            await().until(() -> !log.lines("health check").isEmpty());

            assertThat(log.lines("health check").get(0))
                    .contains("health check: answered \"-ERR \\x1b[31m \\x22x\\x22\\r\\n\" (expected: \"220\")");
        }
    }

    private static String[] answers(@Nullable String text) {
        return text == null ? new String[0] : unescaped(text).split(";");
    }

    /** As in a Java literal. */
    private static String unescaped(@Nullable String text) {
        return text == null ? "" : text.translateEscapes();
    }
}
