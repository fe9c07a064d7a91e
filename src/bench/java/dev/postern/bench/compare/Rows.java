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
        rows.add(new Handshakes("handshake", "new connection, full handshake and a request", false));
        rows.add(new Handshakes("resumption", "new connection, resumed session and a request", true));
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
