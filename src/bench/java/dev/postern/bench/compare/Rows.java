package dev.postern.bench.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** All there are, in the order of the table. */
final class Rows {
    private Rows() {}

    static List<Row> all(Amount amount) {
        List<Row> rows = new ArrayList<>();
        rows.add(new Requests(
                "h1", "HTTP/1.1 keep-alive, 100 B, 32 connections", Door.WEB, false, 32, 1, Requests.Ask.SMALL));
        rows.add(new Requests(
                "h1-page", "HTTP/1.1, 20 headers each way, 4 kB", Door.WEB, false, 32, 1, Requests.Ask.PAGE));
        rows.add(new Requests("h2", "HTTP/2, 16 × 32 streams, 100 B", Door.WEB, true, 16, 32, Requests.Ask.SMALL));
        rows.add(new Requests("h2c", "the same to h2c servers", Door.WEB_TO_H2C, true, 16, 32, Requests.Ask.SMALL));
        rows.add(new Requests("mix", "HTTP/1.1, 50 URIs of 0.1 to 200 kB", Door.WEB, false, 32, 1, Requests.Ask.MIX));
        rows.add(new Requests(
                "mix-h2", "the same over HTTP/2, 16 × 8 streams", Door.WEB, true, 16, 8, Requests.Ask.MIX));
        rows.add(new Latency());
        rows.add(new Handshakes("handshake", "new connection, full handshake and a request", Door.WEB, false));
        rows.add(new Handshakes("resumption", "new connection, resumed session and a request", Door.WEB, true));
        rows.add(new Bodies("down", "100 MB down, HTTP/1.1", Door.WEB, false, false));
        rows.add(new Bodies("up", "100 MB up, HTTP/1.1", Door.WEB, false, true));
        rows.add(new Bodies("down-h2", "100 MB down, HTTP/2", Door.WEB, true, false));
        rows.add(new Bodies("up-h2", "100 MB up, HTTP/2", Door.WEB, true, true));
        rows.add(new Requests("tcp", "layer 4, 100 B to and fro", Door.TCP, false, 32, 1, Requests.Ask.SMALL));
        rows.add(new Requests(
                "tcp-tls", "layer 4 behind TLS, 100 B to and fro", Door.TCP_TLS, false, 32, 1, Requests.Ask.SMALL));
        rows.add(new Bodies("tcp-down", "layer 4, 100 MB down", Door.TCP, false, false));
        rows.add(new Bodies("tcp-tls-down", "layer 4 behind TLS, 100 MB down", Door.TCP_TLS, false, false));
        rows.add(new Handshakes("tcp-new", "layer 4, new connections", Door.TCP, false));
        rows.add(new Handshakes("tcp-tls-new", "layer 4 behind TLS, new connections", Door.TCP_TLS, false));
        rows.add(new Idle("idle", "idle TLS connection, HTTP/1.1, after 10 requests", false));
        rows.add(new Idle("idle-h2", "idle TLS connection, HTTP/2, after 10 requests", true));
        rows.add(new Memory());
        amount.sites().forEach(count -> rows.add(new Start(count)));
        rows.add(new FirstSeconds());
        rows.add(new Check());
        return rows;
    }

    /** @param only their keys; empty: all */
    static List<Row> of(List<String> only, Amount amount) {
        List<Row> all = all(amount);
        Set<String> unknown = new TreeSet<>(only);
        all.forEach(row -> unknown.remove(row.key()));
        if (!unknown.isEmpty()) {
            throw new Failed("--only: no such row: " + unknown + " (expected: "
                    + String.join(", ", all.stream().map(Row::key).toList()) + ")");
        }
        return all.stream()
                .filter(row -> only.isEmpty() || only.contains(row.key()))
                .toList();
    }
}
