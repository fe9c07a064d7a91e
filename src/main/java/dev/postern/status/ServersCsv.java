package dev.postern.status;

import dev.postern.status.BackendPicture.ServerPicture;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Servers, one a line, for spreadsheets and scripts: <a href="https://datatracker.ietf.org/doc/html/rfc4180">RFC 4180</a>,
 * with a line of names first. Columns may be added at the end; none is renamed.
 */
public final class ServersCsv {
    private static final String HEADING = "backend,server,state,why,for_seconds,weight,backup,draining,in_flight,"
            + "max_connections,backend_waiting,requests,requests_2xx,requests_3xx,requests_4xx,requests_5xx,"
            + "requests_unanswered,failures,retries,p50_ms,p99_ms,last_check_seconds_ago,last_check_fault,override\r\n";

    private ServersCsv() {}

    public static String of(EdgePicture picture) {
        StringBuilder text = new StringBuilder(HEADING);
        for (BackendPicture backend : picture.backends()) {
            for (ServerPicture server : backend.servers()) {
                text.append(cells(backend, server).stream()
                                .map(ServersCsv::cell)
                                .collect(Collectors.joining(",")))
                        .append("\r\n");
            }
        }
        return text.toString();
    }

    private static List<String> cells(BackendPicture backend, ServerPicture server) {
        List<String> cells = new ArrayList<>();
        cells.add(backend.name());
        cells.add(server.name());
        cells.add(server.state());
        cells.add(server.outlook().why());
        cells.add(Long.toString(server.outlook().since().toSeconds()));
        cells.add(Integer.toString(server.weight()));
        cells.add(Boolean.toString(server.backup()));
        cells.add(Boolean.toString(server.draining()));
        cells.add(Integer.toString(server.inFlight()));
        cells.add(server.maxConnections() == 0 ? "" : Integer.toString(server.maxConnections()));
        cells.add(Integer.toString(backend.waiting()));
        cells.add(Long.toString(server.all().all()));
        for (int firstDigit = 2; firstDigit <= 5; firstDigit++) {
            cells.add(Long.toString(server.all().answered(firstDigit)));
        }
        cells.add(Long.toString(server.all().answered(0)));
        cells.add(Long.toString(server.all().failed()));
        cells.add(Long.toString(server.all().retries()));
        cells.add(millis(server.quantile(0.5)));
        cells.add(millis(server.quantile(0.99)));
        cells.add(
                server.outlook().checked() == null
                        ? ""
                        : Long.toString(server.outlook().checked().toSeconds()));
        cells.add(server.outlook().fault() == null ? "" : server.outlook().fault());
        cells.add(
                server.outlook().override().isNothing()
                        ? ""
                        : server.outlook().override().text());
        return cells;
    }

    private static String millis(double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.2f", value);
    }

    /** What a spreadsheet would take for a formula is no text of ours: it is told as text. */
    private static String cell(String text) {
        boolean isFormula = !text.isEmpty() && "=+-@".indexOf(text.charAt(0)) >= 0 && !isNumber(text);
        String safe = isFormula ? "'" + text : text;
        return safe.chars().anyMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r')
                ? '"' + safe.replace("\"", "\"\"") + '"'
                : safe;
    }

    private static boolean isNumber(String text) {
        return text.chars().skip(1).allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
    }
}
