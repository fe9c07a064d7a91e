package dev.postern.acme;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The list of what users of other clients met has a test here for each. */
class TroublesTest {
    private static final Map<String, String> SOURCES = sources();

    /** Of a list where each number has its row. */
    private static final Pattern NUMBERED = Pattern.compile("^([0-9]+) ");

    private static Map<String, String> sources() {
        Map<String, String> sources = new HashMap<>();
        try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith("Test.java")).toList()) {
                String name = file.getFileName().toString();
                sources.put(name.substring(0, name.length() - 5), Files.readString(file));
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return sources;
    }

    static List<String> troubles() throws IOException {
        return Files.readAllLines(Path.of("src/test/resources/troubles.txt")).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList();
    }

    @Test
    void listIsWhole() throws IOException {
        assertThat(troubles().stream().filter(line -> !NUMBERED.matcher(line).find()))
                .hasSizeGreaterThanOrEqualTo(24);
        assertThat(troubles().stream()
                        .map(NUMBERED::matcher)
                        .filter(Matcher::find)
                        .map(number -> Integer.valueOf(number.group(1))))
                .containsExactlyElementsOf(IntStream.rangeClosed(1, 25).boxed().toList());
    }

    @ParameterizedTest
    @MethodSource("troubles")
    void hasItsTest(String trouble) {
        String tests = trouble.substring(trouble.lastIndexOf(": ") + 2);
        if (tests.startsWith("- ")) {
            return;
        }
        for (String test : tests.split(" ", -1)) {
            if (test.startsWith("odd-answers/")) {
                assertThat(Path.of("src/test/resources", test + ".txt")).exists();
            } else if (test.startsWith("config/invalid/")) {
                assertThat(Path.of("src/test/resources", test + ".yaml")).exists();
            } else {
                String[] parts = test.split("#", 2);
                assertThat(SOURCES).containsKey(parts[0]);
                assertThat(SOURCES.get(parts[0])).contains("void " + parts[1] + "(");
            }
        }
    }
}
