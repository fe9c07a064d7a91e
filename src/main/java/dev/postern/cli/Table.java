package dev.postern.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Columns as wide as their widest cell, two blanks apart; below a row may stand lines that belong to it. */
final class Table {
    private static final String INDENT = "    ";

    /** Of a column: less says nothing. */
    private static final int LEAST = 8;

    private record Row(List<String> cells, List<String> notes) {}

    private final List<Row> rows = new ArrayList<>();

    Table(String... heading) {
        rows.add(new Row(List.of(heading), List.of()));
    }

    /** @param cells as many as the heading has */
    void row(List<String> cells, List<String> notes) {
        rows.add(new Row(List.copyOf(cells), List.copyOf(notes)));
    }

    void print(PrintWriter out) {
        print(out, Integer.MAX_VALUE);
    }

    /** In lines of at most {@code width} characters, as far as that goes: cells of the widest columns are cut. */
    void print(PrintWriter out, int width) {
        int columns = rows.get(0).cells().size();
        int[] widths = new int[columns];
        for (Row row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.cells().get(i).length());
            }
        }
        fit(widths, width);
        for (Row row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                String whole = row.cells().get(i);
                String cell = whole.length() <= widths[i] ? whole : whole.substring(0, widths[i] - 1) + "…";
                line.append(cell).append(" ".repeat(widths[i] - cell.length() + 2));
            }
            out.println(line.toString().stripTrailing());
            row.notes().forEach(note -> out.println(INDENT + note));
        }
    }

    private static void fit(int[] widths, int width) {
        long all = 2L * (widths.length - 1);
        for (int each : widths) {
            all += each;
        }
        for (; all > width; all--) {
            int widest = 0;
            for (int i = 1; i < widths.length; i++) {
                if (widths[i] > widths[widest]) {
                    widest = i;
                }
            }
            if (widths[widest] <= LEAST) {
                return;
            }
            widths[widest]--;
        }
    }
}
