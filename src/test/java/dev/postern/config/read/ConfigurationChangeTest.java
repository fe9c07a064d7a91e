package dev.postern.config.read;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Configuration;
import dev.postern.config.InFile;
import dev.postern.config.Listed;
import dev.postern.config.Secret;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operator is told of the difference between two files. */
class ConfigurationChangeTest {
    private static final String FILE = """
            listeners:
              https: { bind: ["127.0.0.1:443"] }
            acme: { email: ops@example.com, agree-to-terms: true }
            sites:
              - names: [example.com, www.example.com]
                routes:
                  - { path: /, backend: web }
                  - { path: /old, redirect: "https://example.com/new" }
              - { names: [old.example.com], backend: web }
            backends:
              web:
                servers: ["10.0.0.11:8080", { address: "10.0.0.12:8080", weight: 1 }]
            """;

    private static ConfigurationChange change(String from, String to) throws ConfigurationProblems {
        assertThat(FILE).contains(from);
        return changeTo(FILE.replace(from, to));
    }

    private static ConfigurationChange changeTo(String after) throws ConfigurationProblems {
        return ConfigurationChange.between(
                ConfigurationFile.parse("before.yaml", FILE), ConfigurationFile.parse("after.yaml", after));
    }

    @Test
    void sameFileIsNoChange() throws Exception {
        assertThat(changeTo(FILE + "# another comment\n").lines()).isEmpty();
    }

    @Test
    void sitesAreTheirNames() throws Exception {
        assertThat(change("old.example.com", "new.example.com").lines())
                .containsExactly("sites: + new.example.com, - old.example.com");
        assertThat(change(", www.example.com", ", web.example.com").lines())
                .containsExactly("site example.com: names: + web.example.com, - www.example.com");
    }

    @Test
    void routesAreTheirPaths() throws Exception {
        assertThat(change("{ path: /old, redirect: \"https://example.com/new\" }", "{ path: /new, backend: web }")
                        .lines())
                .containsExactly("site example.com: routes: + /new, - /old");
        assertThat(change("https://example.com/new", "https://example.com/newer")
                        .lines())
                .containsExactly(
                        "site example.com: routes: /old redirect https://example.com/new → https://example.com/newer");
        assertThat(change("{ path: /old, redirect: \"https://example.com/new\" }", "{ path: /old, backend: web }")
                        .lines())
                .containsExactly("site example.com: routes: /old action changed");
    }

    @Test
    void serversAreTheirAddresses() throws Exception {
        assertThat(change("\"10.0.0.11:8080\", ", "\"10.0.0.13:8080\", ").lines())
                .containsExactly("backend web: servers: + 10.0.0.13:8080, - 10.0.0.11:8080");
        assertThat(change("weight: 1", "weight: 2").lines())
                .containsExactly("backend web: servers: 10.0.0.12:8080 weight 1 → 2");
        assertThat(changeTo(FILE + "  api: { servers: [\"10.0.0.14:80\"] }\n").lines())
                .containsExactly("backends: + api");
    }

    @Test
    void everyOtherKeyIsItsPathInTheFileAndBothValues() throws Exception {
        assertThat(changeTo(FILE.replace("https: {", "https: { protocols: [http/1.1],")
                                + "timeouts: { response: 30s }\nlimits: { head: 32KiB, body: 1MiB }\ngrace: 1m\n"
                                + "trusted-proxies: [10.0.0.0/8]\n")
                        .lines())
                .containsExactlyInAnyOrder(
                        "listeners.https.protocols: - h2",
                        "timeouts.response 1m → 30s",
                        "limits.head 16KiB → 32KiB",
                        "limits.body unlimited → 1MiB",
                        "grace 30s → 1m",
                        "trusted-proxies: + 10.0.0.0/8");
        assertThat(change("[\"127.0.0.1:443\"]", "[\"127.0.0.1:443\", \"[::]:8443\"]")
                        .lines()
                        .toString())
                .isEqualTo("[listeners.https.bind: + [::]:8443]");
    }

    @Test
    void wordsAreThoseOfTheFile() throws Exception {
        String limited = FILE + "limits: { connections: 1000, connections-per-client: 10 }\n";

        assertThat(changeTo(limited).lines())
                .containsExactly("limits.connections auto → 1000", "limits.connections-per-client unlimited → 10");
        assertThat(changeTo(FILE + "limits: { server-connections: 100, server-connections-per-client: 10 }\n")
                        .lines())
                .containsExactly(
                        "limits.server-connections auto → 100", "limits.server-connections-per-client auto → 10");
        assertThat(changeTo(FILE.replace("listeners:\n", "listeners:\n  http: { redirect: off }\n"))
                        .lines())
                .containsExactly("listeners.http.redirect 308 → off");
        String listeners = """
                listeners:
                  http: { sites: [old.example.com] }
                  inside: { kind: https, bind: ":8443", sites: [others, old.example.com] }
                """;
        assertThat(changeTo(FILE.replace("listeners:\n", listeners)).lines())
                .containsExactly(
                        "listeners.http.sites: + old.example.com",
                        "listeners.http.sites.others true → false",
                        "listeners: + inside");
        assertThat(change("weight: 1", "weight: 1, max-connections: 9").lines())
                .containsExactly("backend web: servers: 10.0.0.12:8080 max-connections unlimited → 9");
        assertThat(changeTo(FILE + "    retry: {}\n    eject: {}\n").lines())
                .containsExactly("backend web: eject changed, retry changed");
    }

    @Test
    void storeAndControlSocketNeedARestartAndStay() throws Exception {
        ConfigurationChange change = change("agree-to-terms: true", "agree-to-terms: true, store: elsewhere");

        assertThat(change.lines()).isEmpty();
        assertThat(change.afterRestart())
                .containsExactly(
                        "acme.store certs → elsewhere", "control.socket certs/control.sock → elsewhere/control.sock");
        Configuration running = ConfigurationFile.parse("before.yaml", FILE);
        Configuration wanted = ConfigurationFile.parse(
                "after.yaml", FILE.replace("ops@", "admin@").replace("true", "true, store: elsewhere"));
        Configuration applied = ConfigurationChange.applicable(wanted, running);
        assertThat(applied.acme().store()).isEqualTo(Path.of("certs"));
        assertThat(applied.acme().email()).isEqualTo("admin@example.com");
    }

    /** Both of a change, so that neither the old secret nor the new one is told. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "hooks: { on-renewed: [/bin/sh, --token, s3cret-%s] }",
                "hooks: { on-failure: [/bin/sh, s3cret-%s] }",
                "hooks: { on-overdue: [/bin/sh, s3cret-%s, s3cret-%s] }",
                "acme: { challenges: [dns-01], dns-01: { exec: [/bin/sh, s3cret-%s] } }",
                "site: { request-headers: { set: { X-Token: s3cret-%s } } }",
                "site: { response-headers: { add: { X-Token: s3cret-%s } } }",
                "route: { when: { headers: { X-Token: s3cret-%s } } }",
                "route: { when: { headers: { X-Token: { prefix: s3cret-%s } } } }",
                "answer: { status: 200, body: s3cret-%s }"
            })
    void whatIsReadAsASecretIsNotShown(String said) throws Exception {
        ConfigurationChange change = ConfigurationChange.between(saying(said, "old"), saying(said, "new"));

        assertThat(change.lines())
                .isNotEmpty()
                .noneMatch(line -> line.contains("s3cret"))
                .noneMatch(line -> line.contains("/bin/sh"));
    }

    private static Configuration saying(String said, String which) throws ConfigurationProblems {
        String text = said.replace("%s", which);
        String inside = text.substring(text.indexOf('{') + 1, text.lastIndexOf('}'));
        String file = FILE;
        if (text.startsWith("hooks")) {
            file += text + "\n";
        } else if (text.startsWith("acme")) {
            file = file.replace("agree-to-terms: true", "agree-to-terms: true, " + inside);
        } else if (text.startsWith("site")) {
            file = file.replace("[old.example.com], ", "[old.example.com], " + inside + ", ");
        } else if (text.startsWith("route")) {
            file = file.replace("{ path: /, ", "{ path: /, " + inside + ", ");
        } else {
            file = file.replace("redirect: \"https://example.com/new\"", "respond: {" + inside + "}");
        }
        assertThat(file).isNotEqualTo(FILE);
        return ConfigurationFile.parse(which, file);
    }

    private record Entry(String name, Secret token) implements Listed {
        @Override
        public String label() {
            return name;
        }
    }

    /** What may be added to the configuration one day, in every form that there is. */
    private record Tomorrow(
            Secret text,
            List<Secret> list,
            Set<Secret> set,
            Map<String, Secret> byName,
            @Nullable Secret maybe,
            Entry inside,
            List<Entry> entries,
            Map<String, Entry> entriesByName,
            String plain,
            Path file,
            List<String> names,
            @InFile(size = true) long room,
            @InFile(key = "for") Duration pause) {}

    private static Tomorrow tomorrow(String token, String plain, long number) {
        Secret secret = new Secret(token);
        Entry entry = new Entry("api", secret);
        return new Tomorrow(
                secret,
                List.of(secret, new Secret("s3cret")),
                Set.of(secret),
                Map.of("al", secret),
                plain.equals("a") ? null : secret,
                entry,
                List.of(entry),
                Map.of("of", entry),
                plain,
                Path.of(plain),
                List.of(plain, "c"),
                number << 10,
                Duration.ofSeconds(number));
    }

    @Test
    void keyThatIsAddedIsToldUnlessItIsReadAsASecret() {
        assertThat(ConfigurationChange.lines(tomorrow("s3cret-1", "a", 1), tomorrow("s3cret-2", "b", 2)))
                .containsExactly(
                        "text changed",
                        "list changed",
                        "set changed",
                        "by-name: al changed",
                        "maybe changed",
                        "inside.token changed",
                        "entries: api token changed",
                        "entries-by-name: of changed",
                        "plain a → b",
                        "file a → b",
                        "names: + b, - a",
                        "room 1KiB → 2KiB",
                        "for 1s → 2s");
        assertThat(tomorrow("s3cret-1", "a", 1).toString()).doesNotContain("s3cret");
    }

    @Test
    void namesOfHeadersAreNoSecrets() throws Exception {
        assertThat(change(
                                "{ names: [old.example.com],",
                                "{ names: [old.example.com], keep-header-names: [api_key], limits: { body: 1MiB },")
                        .lines())
                .containsExactly("site old.example.com: keep-header-names: + api_key, limits.body none → 1MiB");
    }

    @Test
    void manyNamesAreCutShort() throws Exception {
        StringBuilder many = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            many.append("  - { names: [site").append(i).append(".example.com], backend: web }\n");
        }
        String line = changeTo(FILE.replace("backends:\n", many + "backends:\n"))
                .lines()
                .get(0);
        assertThat(line)
                .startsWith("sites: + site0.example.com site1.example.com")
                .endsWith(" and 90 more");
    }
}
