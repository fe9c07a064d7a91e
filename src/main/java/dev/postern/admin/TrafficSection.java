package dev.postern.admin;

import dev.postern.observe.Count;
import dev.postern.observe.Traffic;
import dev.postern.status.EdgePicture;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** What came in: connections, handshakes, requests by site. */
final class TrafficSection {
    /** The busiest ones; /status.json has all. */
    private static final int SITES = 25;

    private static final int[] CLASSES = {2, 3, 4, 5, 0};

    private final Markup page;
    private final EdgePicture picture;
    private final Traffic traffic;

    TrafficSection(Markup page, EdgePicture picture) {
        this.page = page;
        this.picture = picture;
        this.traffic = picture.traffic();
    }

    void write() {
        page.open("section", "aria-labelledby", "traffic").element("h2", "Traffic", "id", "traffic");
        page.open("div", "class", "columns");
        listeners();
        handshakes();
        page.close();
        sites("Requests by site", traffic.sites());
        if (!traffic.services().isEmpty()) {
            services();
        }
        page.close();
    }

    private void heading(String... headings) {
        page.open("thead").open("tr");
        for (String heading : headings) {
            page.element("th", heading, "scope", "col");
        }
        page.close().close().open("tbody");
    }

    private void listeners() {
        page.open("div", "class", "card").element("h3", "Connections").open("table", "class", "short");
        heading("Listener", "Open", "Accepted");
        picture.listeners().forEach((name, connections) -> {
            page.open("tr").element("th", name, "scope", "row");
            page.element("td", Words.count(connections.open()), "data-label", "Open");
            page.element("td", Words.count(connections.accepted()), "data-label", "Accepted")
                    .close();
        });
        page.close().close().close();
    }

    private void handshakes() {
        page.open("div", "class", "card").element("h3", "Handshakes").open("table", "class", "short");
        heading("Kind", "Count");
        traffic.handshakes().forEach((version, count) -> pair(version, count));
        if (!traffic.handshakes().isEmpty()) {
            pair("of these, resumed", picture.resumed());
        }
        traffic.failedHandshakes().forEach((why, count) -> pair("failed: " + why.replace('_', ' '), count));
        if (traffic.handshakes().isEmpty() && traffic.failedHandshakes().isEmpty()) {
            page.open("tr")
                    .element("td", "none yet", "colspan", "2", "class", "dim")
                    .close();
        }
        page.close().close().close();
    }

    private void pair(String what, long count) {
        page.open("tr").element("th", what, "scope", "row");
        page.element("td", Words.count(count), "data-label", "Count").close();
    }

    private void sites(String title, Map<String, Count> counts) {
        List<Map.Entry<String, Count>> busiest = counts.entrySet().stream()
                .sorted(Comparator.comparingLong((Map.Entry<String, Count> one) -> now(one))
                        .thenComparingLong(one -> one.getValue().all())
                        .reversed())
                .limit(SITES)
                .toList();
        page.open("div", "class", "card").element("h3", title).open("table");
        heading("Site", "Rate", "Requests", "2xx", "3xx", "4xx", "5xx", "No answer", "In", "Out");
        for (Map.Entry<String, Count> one : busiest) {
            Count count = one.getValue();
            page.open("tr").element("th", one.getKey().equals("-") ? "none of ours" : one.getKey(), "scope", "row");
            page.element(
                    "td",
                    picture.rate(one.getKey()).isEmpty()
                            ? "–"
                            : Words.rate(picture.rate(one.getKey()).getAsDouble()),
                    "data-label",
                    "Rate");
            page.element("td", Words.count(count.all()), "data-label", "Requests");
            for (int firstDigit : CLASSES) {
                long answered = count.answered(firstDigit);
                page.element(
                        "td",
                        Words.count(answered),
                        "data-label",
                        firstDigit == 0 ? "No answer" : firstDigit + "xx",
                        "class",
                        answered == 0 ? "dim" : firstDigit == 5 ? "bad-text" : "");
            }
            page.element("td", Words.bytes(count.bytesIn()), "data-label", "In");
            page.element("td", Words.bytes(count.bytesOut()), "data-label", "Out")
                    .close();
        }
        if (busiest.isEmpty()) {
            page.open("tr")
                    .element("td", "no request yet", "colspan", "10", "class", "dim")
                    .close();
        }
        page.close().close();
        if (counts.size() > SITES) {
            page.element("p", "the busiest " + SITES + " of " + counts.size() + " sites", "class", "dim");
        }
        page.close();
    }

    private long now(Map.Entry<String, Count> site) {
        return picture.recent() == null
                ? 0
                : picture.recent().traffic().site(site.getKey()).all();
    }

    private void services() {
        page.open("div", "class", "card").element("h3", "Services of layer 4").open("table");
        heading("Service", "Connections", "Failures", "In", "Out");
        traffic.services().forEach((name, count) -> {
            page.open("tr").element("th", name, "scope", "row");
            page.element("td", Words.count(count.all()), "data-label", "Connections");
            page.element("td", Words.count(count.failed()), "data-label", "Failures");
            page.element("td", Words.bytes(count.bytesIn()), "data-label", "In");
            page.element("td", Words.bytes(count.bytesOut()), "data-label", "Out")
                    .close();
        });
        page.close().close().close();
    }
}
