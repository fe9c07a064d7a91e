package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.backend.Server;
import dev.postern.control.ControlRequest;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The keys of {@code /status.json} that docs/watching.md has, compared with what an edge says to which much has happened. */
class DocumentedStatusTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void everyKeyIsWrittenAndThoseOfTheTopAreAllDocumented() throws Exception {
        Map<String, Set<String>> documented = documented();
        Map<String, Set<String>> written = written();

        assertThat(documented.keySet()).isEqualTo(written.keySet());
        // Draining is told of in a key of its own as well.
        Set<String> states = new TreeSet<>(Set.of("draining"));
        Arrays.stream(Server.State.values())
                .forEach(state -> states.add(state.name().toLowerCase(Locale.ROOT)));
        assertThat(documented.get("backends")).containsAll(states).contains("p99");
        documented.forEach((top, keys) -> keys.removeIf(key -> top.equals("backends") && states.contains(key)));
        documented.forEach((top, keys) -> keys.removeAll(written.get(top)));
        assertThat(documented.values()).as("not written: %s", documented).allMatch(Set::isEmpty);
    }

    /** By the keys of the top, in the words of the table. */
    private static Map<String, Set<String>> documented() throws Exception {
        String page = Files.readString(Path.of("docs/watching.md"));
        String table = page.substring(page.indexOf("| key | |"));
        Map<String, Set<String>> keys = new LinkedHashMap<>();
        table.lines().skip(2).takeWhile(line -> line.startsWith("| ")).forEach(row -> {
            String[] cells = row.split(" \\| ", 2);
            names(cells[0]).forEach(top -> keys.put(top, names(cells[1])));
        });
        return keys;
    }

    private static Set<String> names(String text) {
        Set<String> names = new TreeSet<>();
        Pattern.compile("`([a-z0-9-]+)`").matcher(text).results().forEach(name -> names.add(name.group(1)));
        return names;
    }

    /** By the keys of the top, whatever is below. */
    private Map<String, Set<String>> written() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        String configuration = configuration(server.address());
        Edge running = edge.start(configuration);
        edge.client().get("localhost", "/");
        edge.client().get("localhost", "/broken");
        running.commands()
                .run(
                        ControlRequest.of("server")
                                .with("action", "drain")
                                .with("server", "web/" + server.address())
                                .json(),
                        line -> {});
        Map<String, Set<String>> keys = new LinkedHashMap<>();
        edge.reload(configuration + "grace: 7s\n");
        look(keys);
        running.reloadRefused(List.of("line 7: what is this?"));
        Awaitility.await().untilAsserted(() -> {
            look(keys);
            assertThat(keys.get("backends")).contains("last-check", "p99", "failures");
            assertThat(keys.get("traffic")).contains("rate");
            assertThat(keys.get("failures")).contains("reason");
        });
        return keys;
    }

    private void look(Map<String, Set<String>> keys) {
        try (RawClient client = RawClient.plain(edge.adminPort())) {
            JsonObject status = JsonParser.parseString(
                            client.get("localhost", "/status.json").body())
                    .getAsJsonObject();
            status.entrySet()
                    .forEach(top ->
                            collect(top.getValue(), keys.computeIfAbsent(top.getKey(), name -> new TreeSet<>())));
        }
    }

    private static void collect(JsonElement element, Set<String> keys) {
        if (element.isJsonArray()) {
            element.getAsJsonArray().forEach(one -> collect(one, keys));
        } else if (element.isJsonObject()) {
            element.getAsJsonObject().entrySet().forEach(entry -> {
                keys.add(entry.getKey());
                collect(entry.getValue(), keys);
            });
        }
    }

    private String configuration(String server) {
        return """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                  admin: { bind: "127.0.0.1:0" }
                sites:
                  - names: [localhost]
                    backend: web
                    certificate: %s
                    routes: [{ path: /broken, backend: broken }]
                backends:
                  web: { servers: ["%s"], health: { path: /, interval: 1s } }
                  broken: { servers: ["127.0.0.1:%d"] }
                """.formatted(edge.site().certificate("localhost"), server, FreePorts.next());
    }
}
