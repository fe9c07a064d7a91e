package dev.postern.migrate.haproxy;

import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.config.RegularFile;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Tally;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Servers that speak TLS themselves: {@code ssl verify … ca-file … sni …} of a server, which is {@code tls} of a backend. */
final class ServerTls {
    private ServerTls() {}

    /** Whether two servers can be in one backend. */
    static boolean isAlike(ServerLine one, ServerLine other) {
        return one.isTls() == other.isTls() && settings(one).equals(settings(other));
    }

    static void write(List<ServerLine> servers, Tally tally, Mapping at) {
        ServerLine first = servers.get(0);
        if (!first.isTls()) {
            return;
        }
        Map<String, String> settings = settings(first);
        if (settings.isEmpty()) {
            at.section("tls").put("verify", "on");
        }
        settings.forEach(at.section("tls")::put);
        if (!settings.containsKey("verify") && !settings.containsKey("server-name")) {
            at.remark("Servers have to prove their names or addresses too: server-name says another one.");
        }
        for (ServerLine server : servers) {
            List<String> left = new ArrayList<>();
            for (String option : List.of("ca-file", "sni", "crt")) {
                boolean isSaid = switch (option) {
                    case "ca-file" ->
                        settings.containsKey("ca-file") || server.option(option).equals("@system-ca");
                    case "sni" -> name(server.option("sni")).equals(settings.get("server-name"));
                    default -> false;
                };
                if (server.has(option) && !isSaid) {
                    left.add(option + " " + server.option(option));
                }
            }
            if (!left.isEmpty()) {
                tally.note(
                        at,
                        server.statement(),
                        "not there, or not the same for all requests: " + String.join(", ", left),
                        "tls of the backend: ca-file, server-name, certificate");
            }
        }
    }

    /** The name that {@code sni} always asks for; empty where it is up to the request. */
    private static String name(String sni) {
        return sni.startsWith("str(") && sni.endsWith(")") ? sni.substring(4, sni.length() - 1) : "";
    }

    private static Map<String, String> settings(ServerLine server) {
        Map<String, String> settings = new LinkedHashMap<>();
        if (!server.isTls()) {
            return settings;
        }
        if (server.option("verify").equals("none")) {
            settings.put("verify", "off");
        } else if (isThere(server.option("ca-file"))) {
            settings.put("ca-file", server.option("ca-file"));
        }
        String name = server.has("verifyhost") ? server.option("verifyhost") : name(server.option("sni"));
        if (!name.isEmpty()) {
            try {
                settings.put("server-name", HostName.PLAIN.parse(name));
            } catch (NotUnderstood e) {
                // It is told as what it is: not carried over.
                settings.remove("server-name");
            }
        }
        return settings;
    }

    private static boolean isThere(String file) {
        try {
            return file.startsWith("/")
                    && RegularFile.text(Path.of(file), RegularFile.PEM_BYTES).contains("-----BEGIN ");
        } catch (IOException e) {
            return false;
        }
    }
}
