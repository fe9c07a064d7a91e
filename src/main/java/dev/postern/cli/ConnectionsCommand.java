package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.read.Surroundings;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;

@Command(
        name = "connections",
        header = "Say which connections are open: by listener, by client, and to servers.",
        description =
                "A client is an address of IPv4, or a /64 of IPv6; tunnels and WebSockets count. Clients are counted where"
                        + " limits.connections-per-client is set, trusted proxies never.",
        footerHeading = "%nExamples:%n",
        footer = {"  postern connections", "  postern connections --watch", "  postern connections --json"})
final class ConnectionsCommand extends WatchedCommand {
    /** Clients that are shown; --json has fifty. */
    private static final int CLIENTS = 15;

    /** @param terminal where the cursor may be moved */
    ConnectionsCommand(Console terminal, Console console, Surroundings surroundings) {
        super(terminal, console, surroundings, "connections");
    }

    @Override
    void print(JsonObject result, PrintWriter out, int width) {
        Table listeners = new Table("LISTENER", "OPEN", "ACCEPTED", "NOT HANDED OVER");
        for (JsonObject one : CareOptions.objects(result, "listeners")) {
            listeners.row(
                    List.of(
                            CareOptions.text(one, "name", ""),
                            one.get("open").getAsString(),
                            one.get("accepted").getAsString(),
                            one.get("accept-failures").getAsString()),
                    List.of());
        }
        listeners.print(out, width);
        out.println();
        out.println(
                "limit " + number(result, "limit") + ", reached " + number(result, "limit-reached") + " times; refused "
                        + number(result, "refused-per-client") + " of clients with too many, "
                        + number(result, "refused-for-memory") + " for want of memory");
        JsonObject servers = result.getAsJsonObject("to-servers");
        out.println("to servers: " + number(servers, "open") + " of " + number(servers, "limit") + ", "
                + number(servers, "idle") + " idle, " + number(servers, "http2") + " of HTTP/2, "
                + number(servers, "refused") + " refused");
        List<JsonObject> clients = CareOptions.objects(result, "clients");
        if (clients.isEmpty()) {
            out.println("no client is counted now (they are where limits.connections-per-client is set)");
        } else {
            Table table = new Table("OPEN", "CLIENT");
            for (JsonObject one : clients.subList(0, Math.min(CLIENTS, clients.size()))) {
                table.row(List.of(number(one, "open"), CareOptions.text(one, "client", "")), List.of());
            }
            out.println();
            table.print(out, width);
        }
    }

    private static String number(JsonObject json, String key) {
        return json.get(key).getAsString();
    }
}
