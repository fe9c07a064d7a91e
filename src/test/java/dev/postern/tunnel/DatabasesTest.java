package dev.postern.tunnel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RealPrograms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real databases behind a service of layer 4, and their real clients: the server that they use is killed, another takes its
 * place, and it comes back.
 */
@Tag("long")
class DatabasesTest {
    private static final Path POSTGRESQL = Path.of("/usr/lib/postgresql");

    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    /** Of another user as well: PostgreSQL does not run as root. */
    @TempDir
    private Path directory;

    private final List<Process> started = new ArrayList<>();

    @AfterEach
    void stop() throws InterruptedException {
        for (Process process : started) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
    }

    private Process run(Path log, List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        started.add(process);
        return process;
    }

    private String say(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).as(said).isTrue();
        return said;
    }

    private void start(String type, int first, int second) throws Exception {
        edge.start("""
                tcp:
                  - { name: db, bind: "127.0.0.1:0", backend: db }
                backends:
                  db:
                    servers: ["127.0.0.1:%d", { address: "127.0.0.1:%d", backup: true }]
                    health: { type: %s, interval: 100ms, rise: 1, fall: 1 }
                """.formatted(first, second, type));
    }

    @Test
    void redisIsReplacedByItsBackupAndComesBack() throws Exception {
        String server = RealPrograms.require("redis-server", "redis-server").toString();
        String client = RealPrograms.require("redis-cli", "redis-tools").toString();
        int first = FreePorts.next();
        int second = FreePorts.next();
        Process one = redis(server, first, "one");
        Process two = redis(server, second, "two");
        start("redis", first, second);
        List<String> ask = List.of(client, "-p", Integer.toString(edge.tcpPort("db")), "get", "who");

        await().untilAsserted(() -> assertThat(say(ask)).isEqualTo("one"));
        one.destroyForcibly().waitFor();
        await().untilAsserted(() -> assertThat(say(ask)).isEqualTo("two"));
        Process again = redis(server, first, "again");
        await().untilAsserted(() -> assertThat(say(ask)).isEqualTo("again"));
        assertThat(two.isAlive() && again.isAlive()).isTrue();

        // Many commands in one go, and what does not fit into any buffer.
        String big = "x".repeat(3_000_000);
        Path commands = Files.writeString(directory.resolve("commands"), "set big " + big + "\nget big\nstrlen big\n");
        Process piped = new ProcessBuilder(client, "-p", Integer.toString(edge.tcpPort("db")))
                .redirectInput(commands.toFile())
                .start();
        assertThat(new String(piped.getInputStream().readAllBytes(), UTF_8)).isEqualTo("OK\n" + big + "\n3000000\n");
    }

    private Process redis(String server, int port, String who) throws Exception {
        Process process = run(
                directory.resolve("redis-" + who + ".log"),
                List.of(
                        server,
                        "--port",
                        Integer.toString(port),
                        "--bind",
                        "127.0.0.1",
                        "--save",
                        "",
                        "--dir",
                        directory.toString()));
        String client = RealPrograms.require("redis-cli", "redis-tools").toString();
        await().untilAsserted(() -> assertThat(say(List.of(client, "-p", Integer.toString(port), "set", "who", who)))
                .isEqualTo("OK"));
        return process;
    }

    @Test
    void postgresqlIsReplacedByItsBackupAndComesBack() throws Exception {
        String psql = RealPrograms.require("psql", "postgresql-client").toString();
        Path bin = programs();
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
        int first = FreePorts.next();
        int second = FreePorts.next();
        Path one = cluster(bin, "one");
        Path two = cluster(bin, "two");
        Process running = postgresql(bin, one, first);
        Process other = postgresql(bin, two, second);
        start("postgresql", first, second);
        List<String> ask = List.of(
                psql,
                "-At",
                "-h",
                "127.0.0.1",
                "-p",
                Integer.toString(edge.tcpPort("db")),
                "-U",
                "postgres",
                "-c",
                "show cluster_name");

        await().untilAsserted(() -> assertThat(say(ask)).isEqualTo("one"));
        // With all that it has begun: a session does not outlive it, the next one has another server.
        running.descendants().forEach(ProcessHandle::destroyForcibly);
        running.destroyForcibly().waitFor();
        await().untilAsserted(() -> assertThat(say(ask)).isEqualTo("two"));
        Files.deleteIfExists(one.resolve("postmaster.pid"));
        Process again = postgresql(bin, one, first);
        await().untilAsserted(() -> assertThat(say(ask)).isEqualTo("one"));
        assertThat(other.isAlive() && again.isAlive()).isTrue();

        List<String> many = new ArrayList<>(ask.subList(0, ask.size() - 1));
        many.add("select repeat('x', 3000000)");
        assertThat(say(many)).isEqualTo("x".repeat(3_000_000));
    }

    private static Path programs() throws IOException {
        RealPrograms.requireFile(POSTGRESQL, "postgresql");
        try (var versions = Files.list(POSTGRESQL)) {
            return versions.map(version -> version.resolve("bin"))
                    .filter(Files::isDirectory)
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** PostgreSQL refuses to run as root. */
    private static List<String> as(String user, List<String> command) {
        List<String> all = new ArrayList<>();
        if ("root".equals(System.getProperty("user.name"))) {
            all.addAll(List.of("runuser", "-u", user, "--"));
        }
        all.addAll(command);
        return all;
    }

    private Path cluster(Path bin, String name) throws Exception {
        Path data = directory.resolve(name);
        String said = say(as(
                "postgres",
                List.of(
                        bin.resolve("initdb").toString(),
                        "-D",
                        data.toString(),
                        "-A",
                        "trust",
                        "-U",
                        "postgres",
                        "--no-sync")));
        assertThat(said).contains("Success");
        return data;
    }

    private Process postgresql(Path bin, Path data, int port) throws Exception {
        return run(
                directory.resolve(data.getFileName() + ".log"),
                as(
                        "postgres",
                        List.of(
                                bin.resolve("postgres").toString(),
                                "-D",
                                data.toString(),
                                "-c",
                                "port=" + port,
                                "-c",
                                "listen_addresses=127.0.0.1",
                                "-c",
                                "unix_socket_directories=",
                                "-c",
                                "fsync=off",
                                "-c",
                                "cluster_name=" + data.getFileName())));
    }
}
