package dev.postern.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Columns as wide as their widest cell, two blanks apart; below a row may stand lines that belong to it. */
final class Table {
    private static final String INDENT = "    ";

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
        int columns = rows.get(0).cells().size();
        int[] widths = new int[columns];
        for (Row row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.cells().get(i).length());
            }
        }
        for (Row row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                String cell = row.cells().get(i);
                line.append(cell).append(" ".repeat(widths[i] - cell.length() + 2));
            }
            out.println(line.toString().stripTrailing());
            row.notes().forEach(note -> out.println(INDENT + note));
        }
    }
}
