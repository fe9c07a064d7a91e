package dev.postern.bench.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Postern of some checkout, started as its README says. */
final class Postern implements Peer {
    private final String name;
    private final Path checkout;
    private final String javaHome = System.getProperty("java.home");

    Postern(String name, Path checkout) {
        this.name = name;
        this.checkout = checkout.toAbsolutePath().normalize();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String title() {
        return name.equals("postern") ? "Postern" : name;
    }

    @Override
    public Set<Door> doors() {
        return EnumSet.allOf(Door.class);
    }

    @Override
    public Map<String, String> environment() {
        return Map.of("JAVA_HOME", javaHome);
    }

    @Override
    public void configure(Setup setup) {
        StringBuilder sites = new StringBuilder();
        for (Certificates.Files3 site : setup.sites()) {
            sites.append("  - { names: [%s], backend: web, certificate: { chain: \"%s\", key: \"%s\" } }\n"
                    .formatted(site.name(), site.chain(), site.key()));
        }
        setup.write("postern.yaml", """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:%1$d" }
                  to-h2c: { kind: https, bind: ["127.0.0.1:%2$d"], sites: [h2c.localhost] }
                  challenge: { bind: "127.0.0.1:0" }
                  admin: { bind: "127.0.0.1:0" }
                control: { socket: %9$s/control.sock }
                sites:
                  - { names: [localhost], backend: web, certificate: { chain: "%5$s", key: "%6$s" } }
                  - { names: [h2c.localhost], backend: h2c, certificate: { chain: "%5$s", key: "%6$s" } }
                %10$stcp:
                  - { name: plain, bind: ["127.0.0.1:%3$d"], backend: web }
                  - { name: tls, bind: ["127.0.0.1:%4$d"], backend: web, tls: localhost, alpn: [http/1.1] }
                backends:
                  web: { servers: ["127.0.0.1:%7$d"], health: { path: /health } }
                  h2c: { servers: ["127.0.0.1:%8$d"], protocol: h2c, health: { path: /health } }
                access-log: { to: %9$s/access.log, format: json }
                """.formatted(
                        setup.port(Door.WEB),
                        setup.port(Door.WEB_TO_H2C),
                        setup.port(Door.TCP),
                        setup.port(Door.TCP_TLS),
                        setup.certificate().chain(),
                        setup.certificate().key(),
                        setup.originPort(),
                        setup.h2cOriginPort(),
                        setup.home(),
                        sites));
    }

    @Override
    public List<String> run(Setup setup) {
        return command("run", setup);
    }

    @Override
    public List<String> check(Setup setup) {
        return command("check", setup);
    }

    private List<String> command(String what, Setup setup) {
        return List.of(checkout.resolve("postern").toString(), what, "-c", setup.home() + "/postern.yaml");
    }

    @Override
    public String version() {
        // Builds it where that is due, and leaves its classes to be remembered in the background.
        List<String> command = new ArrayList<>(List.of("env", "JAVA_HOME=" + javaHome));
        command.addAll(List.of(checkout.resolve("postern").toString(), "version"));
        String text = Programs.run(command);
        Path target = checkout.resolve("target");
        awaitArchive();
        String commit = Files.exists(checkout.resolve(".git"))
                ? " "
                        + Programs.run(List.of("git", "-C", checkout.toString(), "rev-parse", "--short", "HEAD"))
                                .strip()
                : "";
        return title() + " " + Haproxy.first("Postern (\\S+)", text) + commit + " (" + Haproxy.first("TLS (\\S+)", text)
                + ", JDK " + Haproxy.first("JDK (\\S+)", text) + ")";
    }

    /** Of the classes, which is made in the background, and without which it starts later. */
    private void awaitArchive() {
        try {
            Wait.until("the archive of classes of " + checkout, 200, () -> {
                try (var files = Files.list(checkout.resolve("target"))) {
                    return files.noneMatch(file -> file.getFileName().toString().startsWith("training-"));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (Failed e) {
            System.err.println("compare: " + e.getMessage() + "; starts are measured without");
        }
    }

    @Override
    public boolean isWarmedUp() {
        return false;
    }

    /** What a JVM keeps until it has use for the room is no cost of a connection. */
    @Override
    public void tidy(long pid) {
        Programs.run(List.of(javaHome + "/bin/jcmd", String.valueOf(pid), "GC.run"));
    }
}
