package dev.postern.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.postern.time.TimeText;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What {@code /status.json} says, as tables for people. */
final class StatusTables {
    /** Certificates that are shown; {@code postern cert list} has all. */
    private static final int CERTIFICATES = 10;

    private static final int FAILURES = 5;

    /** From so many characters on there is room for all that is known of a server. */
    private static final int WIDE = 110;

    private static final double MILLIS = 1000;
    private static final double PERCENT = 100;
    private static final int MIB = 20;

    private final JsonObject status;
    private final int width;
    private final Instant at;

    /** @param width of the terminal, characters */
    StatusTables(JsonObject status, int width) {
        this.status = status;
        this.width = width;
        this.at = Instant.parse(CareOptions.text(status, "at", ""));
    }

    void print(PrintWriter out) {
        head(out);
        servers(out, CareOptions.objects(status, "backends"), false);
        certificates(out);
        failures(out);
    }

    // ---- the edge

    private void head(PrintWriter out) {
        JsonObject edge = status.getAsJsonObject("edge");
        JsonObject traffic = status.getAsJsonObject("traffic");
        Duration up = Duration.between(Instant.parse(CareOptions.text(edge, "since", "")), at);
        line(
                out,
                "postern " + CareOptions.text(edge, "version", "") + ", up " + TimeText.of(up) + ", "
                        + edge.get("event-loops").getAsLong() + " event loops; "
                        + use(edge, "connections") + " connections, "
                        + use(edge, "server-connections") + " to servers; descriptors "
                        + use(edge, "descriptors") + "; heap " + mib(edge, "heap") + ", buffers "
                        + mib(edge, "buffers"));
        if (!traffic.get("counted").getAsBoolean()) {
            line(out, "requests are not counted: there is no admin listener (expected: listeners.admin)");
        } else {
            List<JsonObject> sites = CareOptions.objects(traffic, "sites");
            long requests =
                    sites.stream().mapToLong(site -> number(site, "requests")).sum();
            double rate = sites.stream()
                    .filter(site -> site.has("rate"))
                    .mapToDouble(site -> site.get("rate").getAsDouble())
                    .sum();
            JsonObject handshakes = traffic.getAsJsonObject("handshakes");
            line(
                    out,
                    requests + " requests" + (traffic.has("rates-over") ? ", " + rate(rate) : "") + "; handshakes "
                            + sum(handshakes.getAsJsonObject("completed")) + ", resumed "
                            + number(handshakes, "resumed")
                            + ", failed " + sum(handshakes.getAsJsonObject("failed")));
        }
        if (edge.has("last-reload")) {
            JsonObject reload = edge.getAsJsonObject("last-reload");
            boolean done = reload.get("done").getAsBoolean();
            List<String> lines = CareOptions.texts(reload, done ? "changes" : "problems");
            line(
                    out,
                    "last reload " + ago(reload) + (done ? ": " : " was refused: ")
                            + (lines.isEmpty() ? "nothing changed" : String.join("; ", lines)));
        }
    }

    /** Cut where it is longer than the terminal is wide. */
    private void line(PrintWriter out, String text) {
        out.println(text.length() <= width ? text : text.substring(0, width - 1) + "…");
    }

    // ---- servers

    /** @param fully whether what each has answered is told below it */
    void servers(PrintWriter out, List<JsonObject> backends, boolean fully) {
        Table table = width < WIDE
                ? new Table("SERVER", "STATE", "FOR", "BUSY", "RATE", "P99", "REQUESTS", "FAILED")
                : new Table("SERVER", "STATE", "FOR", "BUSY", "RATE", "P50", "P99", "REQUESTS", "FAILED", "CHECK");
        boolean some = false;
        for (JsonObject backend : backends) {
            for (JsonObject server : CareOptions.objects(backend, "servers")) {
                some = true;
                table.row(server(CareOptions.text(backend, "name", ""), server), notes(server, fully));
            }
        }
        if (some) {
            out.println();
            table.print(out, width);
        }
    }

    /** Why it is not as usual, and what an operator has said. */
    private static List<String> notes(JsonObject server, boolean fully) {
        List<String> notes = new ArrayList<>();
        if (!CareOptions.text(server, "state", "").equals("up")) {
            notes.add(CareOptions.text(server, "why", ""));
        }
        if (server.has("override")) {
            server.getAsJsonObject("override").entrySet().forEach(said -> {
                JsonObject what = said.getValue().getAsJsonObject();
                String until = CareOptions.text(what, "until");
                notes.add("operator: " + said.getKey() + " " + what.get("is").getAsString() + ", since "
                        + CareOptions.text(what, "since", "") + (until == null ? "" : ", until " + until));
            });
        }
        if (fully && number(server, "requests") > 0) {
            notes.add("answers: " + numbers(server.getAsJsonObject("answers")) + "; retries "
                    + number(server, "retries"));
        }
        if (fully && server.has("failures")) {
            notes.add("failures: " + numbers(server.getAsJsonObject("failures")));
        }
        if (fully && server.has("last-check")) {
            String fault = CareOptions.text(server.getAsJsonObject("last-check"), "fault");
            notes.add("last check: " + (fault == null ? "well" : fault));
        }
        return notes;
    }

    private static String numbers(JsonObject counts) {
        return counts.entrySet().stream()
                .map(one -> one.getKey() + " " + one.getValue().getAsLong())
                .collect(Collectors.joining(", "));
    }

    private List<String> server(String backend, JsonObject server) {
        List<String> cells = new ArrayList<>();
        cells.add(backend + "/" + CareOptions.text(server, "name", ""));
        cells.add(CareOptions.text(server, "state", ""));
        cells.add(TimeText.of(Duration.ofSeconds(number(server, "for"))));
        cells.add(number(server, "in-flight")
                + (server.has("max-connections") ? "/" + number(server, "max-connections") : ""));
        cells.add(server.has("rate") ? rate(server.get("rate").getAsDouble()) : "-");
        if (width >= WIDE) {
            cells.add(millis(server, "p50"));
        }
        cells.add(millis(server, "p99"));
        cells.add(Long.toString(number(server, "requests")));
        cells.add(Long.toString(server.has("failures") ? sum(server.getAsJsonObject("failures")) : 0));
        if (width >= WIDE) {
            cells.add(check(server));
        }
        return cells;
    }

    private static String check(JsonObject server) {
        if (!server.has("last-check")) {
            return "-";
        }
        JsonObject check = server.getAsJsonObject("last-check");
        return (check.get("well").getAsBoolean() ? "well" : "fails") + " "
                + TimeText.of(Duration.ofSeconds(number(check, "ago"))) + " ago";
    }

    // ---- certificates

    private void certificates(PrintWriter out) {
        List<JsonObject> all = CareOptions.objects(status, "certificates");
        if (all.isEmpty()) {
            return;
        }
        Table table = new Table("SITE", "LIFE GONE", "LEFT", "NEXT RENEWAL", "SERVED", "ISSUER", "LAST FAILURE");
        // What has nothing to serve, what fails, and then what ends first.
        all.stream()
                .sorted(Comparator.comparing((JsonObject site) -> site.has("not-after"))
                        .thenComparing(site -> !site.has("last-failure"))
                        .thenComparing(site -> CareOptions.text(site, "not-after", "")))
                .limit(CERTIFICATES)
                .forEach(site -> table.row(certificate(site), List.of()));
        out.println();
        table.print(out, width);
        if (all.size() > CERTIFICATES) {
            line(out, "and " + (all.size() - CERTIFICATES) + " more (postern cert list)");
        }
    }

    private List<String> certificate(JsonObject site) {
        String ends = CareOptions.text(site, "not-after");
        String next = CareOptions.text(site, "next-renewal");
        return List.of(
                CareOptions.text(site, "site", ""),
                site.has("life-gone")
                        ? String.format(
                                Locale.ROOT,
                                "%.0f %%",
                                PERCENT * site.get("life-gone").getAsDouble())
                        : "-",
                ends == null ? "none" : left(Instant.parse(ends)),
                next == null ? "-" : Instant.parse(next).isAfter(at) ? "in " + left(Instant.parse(next)) : "due",
                site.has("served") ? site.get("served").getAsBoolean() ? "yes" : "no" : "-",
                CareOptions.text(site, "issuer", "-"),
                CareOptions.text(site, "last-failure", "-"));
    }

    private String left(Instant until) {
        return until.isAfter(at) ? TimeText.of(Duration.between(at, until)) : "expired";
    }

    // ---- failures

    private void failures(PrintWriter out) {
        List<JsonObject> all = CareOptions.objects(status, "failures");
        if (all.isEmpty()) {
            return;
        }
        Table table = new Table("FAILED", "STATUS", "REASON", "REQUEST", "SERVER", "ID");
        for (JsonObject failed : all.subList(0, Math.min(FAILURES, all.size()))) {
            String backend = CareOptions.text(failed, "backend", "-");
            String server = CareOptions.text(failed, "server");
            table.row(
                    List.of(
                            ago(failed),
                            Long.toString(number(failed, "status")),
                            CareOptions.text(failed, "reason", ""),
                            CareOptions.text(failed, "method", "") + " " + CareOptions.text(failed, "host", "")
                                    + CareOptions.text(failed, "target", ""),
                            server == null ? backend : backend + "/" + server,
                            CareOptions.text(failed, "request-id", "")),
                    List.of());
        }
        out.println();
        table.print(out, width);
    }

    // ---- values

    private String ago(JsonObject json) {
        return TimeText.of(Duration.between(Instant.parse(CareOptions.text(json, "at", "")), at)) + " ago";
    }

    private static long number(JsonObject json, String key) {
        return json.has(key) ? json.get(key).getAsLong() : 0;
    }

    private static long sum(JsonObject numbers) {
        return numbers.entrySet().stream()
                .map(Map.Entry::getValue)
                .mapToLong(JsonElement::getAsLong)
                .sum();
    }

    private static String use(JsonObject edge, String key) {
        JsonObject use = edge.getAsJsonObject(key);
        return number(use, "used") + " of " + number(use, "max");
    }

    private static String mib(JsonObject edge, String key) {
        JsonObject use = edge.getAsJsonObject(key);
        return (number(use, "used") >> MIB) + " of " + (number(use, "max") >> MIB) + " MiB";
    }

    private static String rate(double perSecond) {
        return String.format(Locale.ROOT, perSecond < 10 ? "%.1f/s" : "%.0f/s", perSecond);
    }

    private static String millis(JsonObject json, String key) {
        if (!json.has(key)) {
            return "-";
        }
        double millis = MILLIS * json.get(key).getAsDouble();
        return String.format(Locale.ROOT, millis < 10 ? "%.1f ms" : "%.0f ms", millis);
    }
}
