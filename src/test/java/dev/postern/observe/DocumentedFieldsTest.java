package dev.postern.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.LogPattern;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Fields of the access log and metrics as documented, compared with those that the code has. */
class DocumentedFieldsTest {
    @Test
    void everyFieldOfALineIsDocumentedAndNoOther() throws IOException {
        Set<String> written = found(
                "\\\\\"([a-z_]+)\\\\\":",
                Files.readString(Path.of("src/main/java/dev/postern/observe/JsonFormat.java")));
        String page = Files.readString(Path.of("docs/watching.md"));
        String section = page.substring(page.indexOf("## The access log"), page.indexOf("## Traces"));
        Set<String> documented = new TreeSet<>();
        section.lines()
                .filter(line -> line.startsWith("| `"))
                .forEach(row -> documented.addAll(found("`([a-z_]+)`", row.substring(0, row.indexOf(" | ")))));

        assertThat(written).contains("time", "total_ms").containsAll(documented);
        // Those of TCP services, and headers that are asked for, are in the words below the table.
        assertThat(written).allSatisfy(field -> assertThat(section).contains('`' + field + '`'));
    }

    @Test
    void aFormatOfOnesOwnHasEveryFieldOfJson() throws IOException {
        Set<String> json = found(
                "\\\\\"([a-z_]+)\\\\\":",
                Files.readString(Path.of("src/main/java/dev/postern/observe/JsonFormat.java")));
        // Headers have a form of their own, {header:NAME}.
        json.remove("request_headers");
        json.add("path");

        assertThat(LogPattern.KNOWN).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(json);
    }

    @Test
    void everyMetricIsDocumentedAndNoOther() throws IOException {
        Set<String> written = metrics();
        Set<String> documented =
                found("(?m)`(postern_[a-z0-9_]+?)(?:_total)?`", Files.readString(Path.of("docs/metrics.md")));

        assertThat(documented).isNotEmpty().isEqualTo(written);
    }

    /** As the code names them: counters without their ending. */
    static Set<String> metrics() throws IOException {
        Set<String> written = new TreeSet<>();
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                written.addAll(found("\"(postern_[a-z0-9_]+)", Files.readString(file)));
            }
        }
        return written;
    }

    static Set<String> found(String pattern, String text) {
        Set<String> names = new TreeSet<>();
        Pattern.compile(pattern).matcher(text).results().forEach(match -> names.add(match.group(1)));
        return names;
    }
}
