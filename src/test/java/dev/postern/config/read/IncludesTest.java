package dev.postern.config.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.postern.config.Action;
import dev.postern.config.Configuration;
import dev.postern.config.Site;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code include} of other files, and what the environment says. */
class IncludesTest {
    @TempDir
    private Path directory;

    private Map<String, String> environment = Map.of();

    private Path write(String name, String text) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private Configuration read() throws ConfigurationProblems {
        return ConfigurationFile.read(directory.resolve("main.yaml"), new Surroundings(environment, directory));
    }

    private List<String> problems() {
        ConfigurationProblems problems = catchThrowableOfType(ConfigurationProblems.class, this::read);
        assertThat(problems).isNotNull();
        return problems.lines().stream()
                .map(line -> line.replace(directory + "/", ""))
                .toList();
    }

    private static String site(String name) {
        return "sites: [{ names: [" + name + "], routes: [{ path: /, respond: { status: 200 } }] }]\n";
    }

    @Test
    void sitesAndBackendsOfAllFilesAreOneAndPathsAreThoseOfTheirFile() throws Exception {
        write(
                "main.yaml",
                "acme: { issuers: [internal] }\ninclude: [\"sites/*.yaml\", rest/*/web.yaml, none/*.yaml]\n"
                        + site("main.internal"));
        write("sites/b.yaml", site("b.internal") + "grace: 5s\n");
        write("sites/a.yaml", """
                sites:
                  - names: [a.internal]
                    backend: web
                    error-pages: { 404: lost.html }
                """);
        write("sites/lost.html", "lost");
        write("sites/.hidden.yaml", "not: read");
        write("rest/x/web.yaml", "backends: { web: { servers: [127.0.0.1:1] } }\ninclude: deeper.yaml\n");
        write("rest/x/deeper.yaml", "backends: { api: { servers: [127.0.0.1:2] } }\ninclude: web.yaml\n");

        Configuration read = read();

        assertThat(read.sites().stream().map(Site::name)).containsExactly("main.internal", "a.internal", "b.internal");
        assertThat(read.backends()).containsOnlyKeys("web", "api");
        assertThat(read.grace()).hasSeconds(5);
    }

    @Test
    void messagesNameTheRightFileAndLine() throws Exception {
        write(
                "main.yaml",
                "acme: { issuers: [internal] }\ninclude: [\"sites/*.yaml\", absent.yaml]\ngrace: 1s\n"
                        + site("same.internal"));
        write("sites/a.yaml", "\n" + site("same.internal") + "grace: 2s\n");
        write(
                "sites/b.yaml",
                "\n\nsites:\n  - names: [b.internal]\n    bakend: web\n    routes: [{ path: x, backend: no }]\n");
        write("sites/c.yaml", "sites: [\n");
        write("sites/d.yaml", "- list\n");

        assertThat(problems())
                .anySatisfy(line -> assertThat(line)
                        .startsWith(
                                "sites/a.yaml:2: sites[1].names[0]: \"same.internal\" is taken by sites[0].names[0] in"
                                        + " main.yaml:4"))
                .anySatisfy(line ->
                        assertThat(line).isEqualTo("sites/a.yaml:3: grace: given twice; the first is in main.yaml:3"))
                .anySatisfy(line -> assertThat(line).startsWith("sites/b.yaml:5: sites[2].bakend: unknown key"))
                .anySatisfy(line -> assertThat(line).startsWith("sites/b.yaml:6: sites[2].routes[0].path: "))
                .anySatisfy(line -> assertThat(line).startsWith("sites/c.yaml:2: not YAML: "))
                .anySatisfy(line -> assertThat(line).startsWith("sites/d.yaml:1: is no mapping"))
                .anySatisfy(
                        line -> assertThat(line).startsWith("main.yaml:2: include[1]: \"absent.yaml\" does not exist"));
    }

    @Test
    void placesInValuesAreTakenFromTheEnvironment() throws Exception {
        environment = Map.of("NAME", "app.internal", "EMPTY", "", "WAIT", "7s");
        write("main.yaml", """
                acme: { issuers: [internal] }
                grace: ${WAIT}
                sites:
                  - names: ["${NAME}", "www.${NAME}", "${UNSET:-other.internal}", '${EMPTY:-third.internal}']
                    routes: [{ path: /, respond: { status: 200, body: "$${NAME} costs $5 {x}" } }]
                """);

        Configuration read = read();

        assertThat(read.sites().get(0).names())
                .containsExactly("app.internal", "www.app.internal", "other.internal", "third.internal");
        assertThat(read.grace()).hasSeconds(7);
        assertThat(read.sites().get(0).routes().get(0).action())
                .isEqualTo(new Action.Respond(200, "${NAME} costs $5 {x}"));
    }

    @Test
    void placeThatHasNothingIsAProblem() throws Exception {
        write("main.yaml", "acme: { issuers: [internal] }\ngrace: ${UNSET}\n" + site("\"${a b}\""));

        assertThat(problems())
                .satisfiesExactly(
                        line -> assertThat(line)
                                .isEqualTo("main.yaml:2: \"${UNSET}\" names UNSET, which is not in the environment"
                                        + " (expected: UNSET as the daemon's unit has it, in the environment or in"
                                        + " --env-file FILE; or ${UNSET:-otherwise})"),
                        line -> assertThat(line)
                                .startsWith(
                                        "main.yaml:3: \"${a b}\" has ${ without a name and a } behind it (expected: "));
    }

    /** Whatever kind of value it would have been, and whatever refers to it. */
    @Test
    void variableThatIsMissingIsOneProblem() throws Exception {
        write("main.yaml", """
                acme: { issuers: [internal], email: "${A}" }
                grace: ${B}
                timeouts: ${C}
                trusted-proxies: [ "${D}" ]
                resolvers: ${E}
                sites:
                  - names: [app.internal, "${F}"]
                    backend: ${G}
                  - names: ${H}
                    request-headers: { set: { X-A: "${I}" }, remove: ["${J}"] }
                    auth: { users: { al: "${K}" }, realm: "${L}", users-file: "${M}" }
                    routes: [{ path: "${N}", backend: "${O}" }, { path: /x, redirect: "${P}" }, { path: /y, respond: { status: "${Q}" } }]
                    certificate: { chain: "${R}", key: "${S}" }
                backends: { web: { servers: ["${T}", { address: "${U}", weight: "${V}" }], balance: "${W}" }, api: { servers: "${X}" } }
                access-log: ${Y}
                """);

        assertThat(problems().stream().map(line -> line.replaceFirst(" names [A-Z], which is not.*", "")))
                .allMatch(line -> line.matches("main.yaml:[0-9]+: \"\\$\\{[A-Z]}\""))
                .hasSize(25);
    }

    /** What comes from outside is a value, never more of the file. */
    @Test
    void environmentMakesNoStructure() throws Exception {
        environment = Map.of("EVIL", "x], backend: web, names: [y");
        write("main.yaml", "acme: { issuers: [internal] }\n" + site("\"${EVIL}\""));

        assertThat(problems()).anySatisfy(line -> assertThat(line).contains("sites[0].names[0]: \"${EVIL}\""));
    }

    @Test
    void whatTheEnvironmentSaysIsInNoMessage() throws Exception {
        environment = Map.of("TOKEN", "s3cr\net");
        write("main.yaml", """
                acme: { issuers: [internal], email: "${TOKEN}" }
                grace: ${TOKEN}
                sites:
                  - names: [app.internal, "${TOKEN}"]
                    request-headers: { set: { Authorization: "Bearer ${TOKEN}" }, remove: ["${TOKEN}"] }
                    auth: { users: { al: "${TOKEN}" }, realm: "${TOKEN}" }
                    routes: [{ path: "${TOKEN}", backend: "${TOKEN}" }, { path: /x, redirect: "${TOKEN}" }]
                    certificate: { of: "${TOKEN}" }
                backends: { web: { servers: ["${TOKEN}", { address: "127.0.0.1:1", name: "${TOKEN}" }] } }
                timeouts: "${TOKEN}"
                trusted-proxies: ["${TOKEN}"]
                resolvers: "${TOKEN}"
                """);

        assertThat(problems())
                .hasSizeGreaterThan(9)
                .noneSatisfy(line -> assertThat(line).contains("s3cr"));
    }

    /** Each of the two would be found under 2^40 names, before the system has enough of them. */
    @Test
    void filesAreReadOnceWhateverLinksLeadToThem() throws Exception {
        write("main.yaml", "acme: { issuers: [internal] }\ninclude: sites/a.yaml\n" + site("main.internal"));
        write("sites/a.yaml", site("a.internal") + "include: [one/a.yaml, two/a.yaml, one/b.yaml, ../other.yaml]\n");
        write("sites/b.yaml", site("b.internal") + "include: [two/b.yaml, two/two/a.yaml]\n");
        Files.createSymbolicLink(directory.resolve("sites/one"), Path.of("."));
        Files.createSymbolicLink(directory.resolve("sites/two"), Path.of("."));
        Files.createSymbolicLink(directory.resolve("other.yaml"), Path.of("main.yaml"));

        assertThat(read().sites().stream().map(Site::name))
                .containsExactly("main.internal", "a.internal", "b.internal");
    }

    @Test
    void filesThatIncludeFilesComeToAnEnd() throws Exception {
        write("main.yaml", "acme: { issuers: [internal] }\ninclude: 1.yaml\n" + site("main.internal"));
        for (int i = 1; i < 5000; i++) {
            write(i + ".yaml", "include: " + (i + 1) + ".yaml\n");
        }

        assertThat(problems())
                .singleElement()
                .asString()
                .startsWith("20.yaml:1: include: \"21.yaml\" is the file of a file")
                .endsWith("(expected: at most 20 that include each other)");
    }

    @Test
    void namesOfFilesMakeNoLinesOfTheirOwn() throws Exception {
        write("main.yaml", "acme: { issuers: [internal] }\ninclude: [\"*.conf\", \"[z\"]\n" + site("main.internal"));
        write("x\n12:00 INFO all is well\u001b[31m.conf", "no: key\n");
        Files.createSymbolicLink(directory.resolve("y\u009b\n.conf"), Path.of("nowhere"));

        assertThat(problems())
                .hasSize(3)
                .allSatisfy(line -> assertThat(line.chars()).noneMatch(c -> c < ' ' || c == 0x9b))
                .anySatisfy(line ->
                        assertThat(line).startsWith("x\\n12:00 INFO all is well\\u001b[31m.conf:1: no: unknown"))
                .anySatisfy(line -> assertThat(line).contains("y\\u009b\\n.conf: cannot be read: does not exist"))
                .anySatisfy(line -> assertThat(line).contains("\"[z\" is no pattern: Missing '] ("));
    }
}
