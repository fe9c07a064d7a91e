package dev.postern.admin;

import dev.postern.status.EdgePicture;
import dev.postern.status.LastReload;
import dev.postern.status.RunningEdge;
import dev.postern.status.RunningEdge.Use;
import dev.postern.time.TimeText;
import java.util.Locale;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** The process itself. */
final class EdgeSection {
    private static final double HIGH = 0.8;

    private final Markup page;
    private final EdgePicture picture;
    private final Operators operators;
    private final RunningEdge edge;

    EdgeSection(Markup page, EdgePicture picture, Operators operators) {
        this.page = page;
        this.picture = picture;
        this.operators = operators;
        this.edge = picture.edge();
    }

    void write() {
        page.open("section", "aria-labelledby", "edge").element("h2", "Edge", "id", "edge");
        page.open("div", "class", "columns");
        page.open("div", "class", "card").element("h3", "Room").open("dl");
        use("Heap", edge.heap(), Words::bytes);
        use("Buffers", edge.buffers(), Words::bytes);
        use("Descriptors", edge.descriptors(), Words::count);
        use("Client connections", edge.connections(), Words::count);
        use("Server connections", edge.serverConnections(), Words::count);
        page.close().close();
        page.open("div", "class", "card").element("h3", "Process").open("dl");
        pair("Started", TimeText.at(edge.since()));
        pair("Event loops", Integer.toString(edge.loops()));
        pair("Postern", edge.version());
        edge.versions().forEach(line -> {
            int blank = line.indexOf(' ');
            pair(line.substring(0, blank), line.substring(blank + 1));
        });
        page.close().close();
        page.open("div", "class", "card").element("h3", "Last reload");
        reload(edge.lastReload());
        page.open("div", "class", "actions");
        operators.button(page, "Reload", "/do/reload", "the configuration");
        page.close();
        page.close().close().close();
    }

    private void pair(String what, String text) {
        page.element("dt", what).element("dd", text);
    }

    private void use(String what, Use use, LongFunction<String> text) {
        double part = use.max() <= 0 ? 0 : Math.min(1, (double) use.used() / use.max());
        page.element("dt", what).open("dd").text(text.apply(use.used()) + " of " + text.apply(use.max()));
        page.open(
                "svg",
                "class",
                "bar " + (part > HIGH ? "warn" : "good"),
                "viewBox",
                "0 0 100 8",
                "preserveAspectRatio",
                "none",
                "aria-hidden",
                "true");
        page.open("rect", "class", "all", "width", "100", "height", "8", "rx", "2")
                .close();
        page.open(
                        "rect",
                        "class",
                        "gone",
                        "width",
                        String.format(Locale.ROOT, "%.1f", part * 100),
                        "height",
                        "8",
                        "rx",
                        "2")
                .close();
        page.close().close();
    }

    private void reload(@Nullable LastReload reload) {
        if (reload == null) {
            page.element("p", "None since the start.", "class", "dim");
            return;
        }
        page.open("p")
                .element(
                        "span",
                        reload.done() ? "done" : "refused",
                        "class",
                        "pill " + (reload.done() ? "good" : "bad"));
        page.text(" " + Words.away(reload.at(), picture.at())).close();
        page.open("ul", "class", "lines");
        reload.lines().forEach(line -> page.element("li", line));
        reload.afterRestart().forEach(line -> page.element("li", line + ": with a restart only", "class", "warn-text"));
        page.close();
        if (reload.done() && reload.lines().isEmpty() && reload.afterRestart().isEmpty()) {
            page.element("p", "Nothing changed.", "class", "dim");
        }
    }
}
