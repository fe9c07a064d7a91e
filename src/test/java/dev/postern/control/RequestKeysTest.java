package dev.postern.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestKeysTest {
    /** What one Postern asks another, whose version may be the next. */
    private static final Set<String> BETWEEN_DAEMONS = Set.of("replace", "replaced");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // He would be gone for ever.
                "{'command':'server','action':'drain','server':'web/blue','for':'1h'}"
                        + " | server: \"for\": unknown key (known: action, server, until, weight); nothing was done",
                "{'command':'server','action':'drain','server':'web/blue','untill':'x'}"
                        + " | server: \"untill\": unknown key; did you mean \"until\"?; nothing was done",
                "{'command':'server','action':'drain','server':'web/blue','until':1769860800}"
                        + " | server: until: not understood (expected: a text); nothing was done",
                "{'command':'renew','dry-run':'yes'}"
                        + " | renew: dry-run: not understood (expected: true or false); nothing was done",
                "{'command':'issue','sites':'a.example'}"
                        + " | issue: sites: not understood (expected: a list of texts); nothing was done",
                "{'command':'status','verbose':true} | status: \"verbose\": unknown key (expected: none); nothing was done",
            })
    void wishThatNobodyWouldHeedIsRefused(String request, String why) {
        assertThatThrownBy(() -> RequestKeys.require(json(request)))
                .isInstanceOfSatisfying(
                        ControlFailure.class, e -> assertThat(e.exitCode()).isEqualTo(64))
                .hasMessage(why);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'command':'server','action':'drain','server':'web/blue','until':null,'file':'/etc/p.yaml'}",
                "{'command':'renew','all':true,'force':false,'dry-run':true}",
                "{'command':'issue','sites':['a.example'],'force':true}",
                "{'command':'replace','process':'7','inbox':'a','of-tomorrow':true}",
                "{'command':'no such','a':1}",
                "{}",
            })
    void whatACommandTakesIsLetThrough(String request) {
        assertThatCode(() -> RequestKeys.require(json(request))).doesNotThrowAnyException();
    }

    @Test
    void everyCommandThatIsSentIsKnownHere() throws IOException {
        Set<String> sent = new TreeSet<>();
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Matcher matcher =
                        Pattern.compile("ControlRequest\\.of\\(\"([a-z-]+)\"").matcher(Files.readString(file));
                while (matcher.find()) {
                    sent.add(matcher.group(1));
                }
            }
        }

        assertThat(sent).contains("server", "renew").allMatch(RequestKeysTest::isKnown);
    }

    private static boolean isKnown(String command) {
        return BETWEEN_DAEMONS.contains(command) || RequestKeys.knows(command);
    }

    private static JsonObject json(String text) {
        return JsonParser.parseString(text.replace('\'', '"')).getAsJsonObject();
    }
}
