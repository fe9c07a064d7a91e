package dev.postern.bench.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Medians, as Markdown, each beside how it compares to the first peer's. */
final class Table {
    private final List<Peer> peers;
    private final Map<Row, Map<Figure, Map<String, List<Double>>>> samples = new LinkedHashMap<>();

    Table(List<Peer> peers) {
        this.peers = List.copyOf(peers);
    }

    synchronized void add(Row row, Peer peer, Map<Figure, Double> sample) {
        sample.forEach((figure, value) -> samples.computeIfAbsent(row, key -> new LinkedHashMap<>())
                .computeIfAbsent(figure, key -> new LinkedHashMap<>())
                .computeIfAbsent(peer.name(), key -> new ArrayList<>())
                .add(value));
    }

    synchronized String markdown() {
        StringBuilder text = new StringBuilder("| |");
        peers.forEach(peer -> text.append(' ').append(peer.title()).append(" |"));
        text.append("\n|---|").append("---|".repeat(peers.size())).append('\n');
        samples.forEach((row, figures) -> figures.forEach((figure, values) -> {
            text.append("| ")
                    .append(
                            figure.isOfTheRow()
                                    ? "**" + row.title() + "**" + (figure.what().isEmpty() ? "" : ", " + figure.what())
                                    : "… " + figure.what())
                    .append(" |");
            for (Peer peer : peers) {
                text.append(' ').append(cell(figure, values, peer)).append(" |");
            }
            text.append('\n');
        }));
        return text.toString();
    }

    private String cell(Figure figure, Map<String, List<Double>> values, Peer peer) {
        if (!values.containsKey(peer.name())) {
            return "–";
        }
        double value = median(values.get(peer.name()));
        String number = "%s %s".formatted(number(value), figure.unit());
        List<Double> first = values.get(peers.get(0).name());
        if (first == null || !figure.isOfTheRow() || median(first) <= 0) {
            return number;
        }
        String ratio = String.format(Locale.ROOT, "%.2f", value / median(first));
        return number + " (" + (peer == peers.get(0) ? "1" : "**" + ratio + "**") + ")";
    }

    /** Three digits that count. */
    private static String number(double value) {
        int digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
        return String.format(Locale.ROOT, "%,." + digits + "f", value).replace(',', ' ');
    }

    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
