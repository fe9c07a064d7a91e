package dev.postern.config.read;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.describe.Editor;
import dev.postern.pki.Pem;
import dev.postern.testing.TestPki;
import dev.postern.testing.TestSite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every block of YAML in README.md and the pages of docs/ is read as it is written. One that shows a part only gets what
 * it leaves out: a CA, a site, the backends that it speaks of. The files that it names are in a folder.
 */
class DocumentedConfigurationTest {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```yaml\\n(.*?)^```$");

    private static final Pattern BACKEND_OF = Pattern.compile("\\b(?:backend|passthrough): ([a-z-]+)");

    private static final Pattern BACKEND = Pattern.compile("(?m)^  ([a-z-]+): +\\{|^  ([a-z-]+):$");

    private static final String CA = """
            acme:
              email: ops@example.com
              agree-to-terms: true
            """;

    private static final String SITE = "sites: [{ names: [example.com, admin.example.com], backend: web }]\n";

    /** Blocks that begin inside of a section: what they begin with, and the section up to there. */
    private static final Map<String, String> INSIDE = Map.of("  dns-01:", CA, "  issuers:", CA);

    @TempDir
    Path home;

    @BeforeEach
    void files() throws Exception {
        TestSite site = new TestSite(home);
        Path own = Files.createDirectories(home.resolve("etc/ssl/example.com"));
        site.replace(own.resolve("fullchain.pem"), own.resolve("privkey.pem"), "example.com", "203.0.113.7");
        TestPki.Ca ca = TestPki.root("Clients");
        put("etc/postern/clients-ca.pem", Pem.of(List.of(ca.certificate())));
        TestPki.replace(home.resolve("etc/postern/clients.crl"), ca.revoking());
        put("ca.pem", Pem.of(List.of(ca.certificate())));
        for (String secret : List.of("tsig.secret", "zerossl.hmac", "mail.secret")) {
            put("etc/postern/" + secret, "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA==\n");
        }
        for (String program : List.of("dns-hook", "copy-to-mail-server", "tell-operations")) {
            put("usr/local/bin/" + program, "#!/bin/sh\n");
        }
    }

    @Test
    void everyBlockIsRead() throws IOException {
        List<String> wrong = new ArrayList<>();
        Set<String> used = new HashSet<>();
        int read = 0;
        for (Map.Entry<String, String> block : blocks().entrySet()) {
            begins(block.getValue(), INSIDE.keySet(), used);
            String text = placed(whole(block.getValue()));
            Path file = Files.writeString(home.resolve(block.getKey()), text);
            wrong.addAll(Editor.marks(text));
            try {
                ConfigurationFile.read(file, new Surroundings(Map.of(), home));
            } catch (ConfigurationProblems e) {
                wrong.addAll(e.lines());
            }
            read++;
        }

        assertThat(wrong).isEmpty();
        assertThat(read).isGreaterThan(10);
        assertThat(used).hasSize(INSIDE.size());
    }

    /** The first one that somebody copies. */
    @Test
    void thatOfTheReadmeIsWhole() throws IOException {
        String first = Objects.requireNonNull(blocks().get("README.md-1.yaml"));

        assertThat(whole(first)).isEqualTo(first);
    }

    /** What is in a fence says what it is; a plain one is a drawing. */
    @Test
    void noBlockIsOfAnotherLanguage() throws IOException {
        Set<String> languages = new TreeSet<>();
        for (Path page : pages()) {
            Pattern.compile("(?m)^ *```(.+)$")
                    .matcher(Files.readString(page))
                    .results()
                    .forEach(fence -> languages.add(fence.group(1)));
        }

        assertThat(languages).containsExactly("yaml");
    }

    private static void begins(String text, Set<String> beginnings, Set<String> used) {
        beginnings.stream().filter(text::startsWith).forEach(used::add);
    }

    /** With what is missing to stand by itself. */
    private static String whole(String block) {
        String text = block;
        for (Map.Entry<String, String> inside : INSIDE.entrySet()) {
            if (block.startsWith(inside.getKey())) {
                text = inside.getValue() + block;
            }
        }
        if (!has(text, "sites") && !has(text, "tcp")) {
            text += SITE;
        }
        if (!has(text, "acme") && has(text, "sites")) {
            text += CA + "  dns-01: { exec: [/usr/local/bin/dns-hook] }\n";
        }
        return withBackends(text);
    }

    private static String withBackends(String text) {
        Set<String> missing = new TreeSet<>();
        BACKEND_OF.matcher(text).results().forEach(of -> missing.add(of.group(1)));
        int at = text.indexOf("\nbackends:\n");
        if (at >= 0) {
            Matcher there = BACKEND.matcher(text).region(at, text.length());
            while (there.find()) {
                missing.remove(there.group(1) == null ? there.group(2) : there.group(1));
            }
        }
        StringBuilder more = new StringBuilder();
        missing.forEach(name -> more.append("  ").append(name).append(": { servers: [10.0.0.99:80] }\n"));
        return at >= 0 ? text.replace("\nbackends:\n", "\nbackends:\n" + more) : text + "backends:\n" + more;
    }

    private static boolean has(String text, String section) {
        return text.startsWith(section + ":") || text.contains("\n" + section + ":");
    }

    /** With the files of the system in the folder of this test. */
    private String placed(String text) {
        return text.replace("/etc/", home + "/etc/").replace("/usr/local/", home + "/usr/local/");
    }

    private void put(String name, String text) throws IOException {
        Path file = home.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setPosixFilePermissions(
                file, PosixFilePermissions.fromString(text.startsWith("#!") ? "rwx------" : "rw-------"));
    }

    /** By names for files: that of the page, and which one it is there. */
    private static Map<String, String> blocks() throws IOException {
        Map<String, String> blocks = new LinkedHashMap<>();
        for (Path page : pages()) {
            int number = 1;
            Matcher block = BLOCK.matcher(Files.readString(page));
            while (block.find()) {
                blocks.put(page.getFileName() + "-" + number++ + ".yaml", block.group(1));
            }
        }
        return blocks;
    }

    private static List<Path> pages() throws IOException {
        try (Stream<Path> docs = Files.list(Path.of("docs"))) {
            return Stream.concat(
                            Stream.of(Path.of("README.md")),
                            docs.filter(page -> page.toString().endsWith(".md")).sorted())
                    .toList();
        }
    }
}
