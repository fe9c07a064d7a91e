package dev.postern.admin;

import dev.postern.backend.Server;
import dev.postern.backend.ServerOverride;
import dev.postern.backend.ServerOverride.Said;
import dev.postern.status.BackendPicture;
import dev.postern.status.BackendPicture.ServerPicture;
import dev.postern.status.EdgePicture;
import dev.postern.time.TimeText;
import java.util.Map;
import java.util.stream.Collectors;

/** Backends with their servers: what each is, why, since when, and how it answers. */
final class BackendSection {
    private final Markup page;
    private final EdgePicture picture;
    private final Operators operators;

    BackendSection(Markup page, EdgePicture picture, Operators operators) {
        this.page = page;
        this.picture = picture;
        this.operators = operators;
    }

    void write() {
        page.open("section", "aria-labelledby", "backends").element("h2", "Backends", "id", "backends");
        if (picture.backends().isEmpty()) {
            page.element("p", "No site has a backend.", "class", "dim");
        }
        picture.backends().forEach(this::backend);
        page.close();
    }

    private void backend(BackendPicture backend) {
        page.open("div", "class", "card", "id", "backend-" + backend.name());
        page.open("div", "class", "head").element("h3", backend.name());
        long all = backend.servers().size();
        page.element(
                "span",
                backend.up() + " of " + all + " up",
                "class",
                "pill " + (backend.up() == all ? "good" : backend.up() == 0 ? "bad" : "warn"));
        if (backend.waiting() > 0) {
            page.element("span", backend.waiting() + " waiting", "class", "pill warn");
        }
        String limits = backend.queueRefusals() + backend.queueTimeouts() + backend.retriesRefused() == 0
                ? ""
                : "since the start: " + backend.queueRefusals() + " refused by the queue, " + backend.queueTimeouts()
                        + " waited too long, " + backend.retriesRefused() + " retries beyond the budget";
        page.element("span", limits, "class", "dim").close();
        page.open("table", "class", "servers").open("thead").open("tr");
        for (String heading :
                new String[] {"Server", "State", "In flight", "Rate", "p50", "p99", "Requests", "Failures", "Last check"
                }) {
            page.element("th", heading, "scope", "col");
        }
        page.close().close().open("tbody");
        backend.servers().forEach(server -> server(backend.name(), server));
        page.close().close().close();
    }

    private void server(String backend, ServerPicture server) {
        page.open("tr");
        page.open("th", "scope", "row").text(server.name());
        StringBuilder kind = new StringBuilder();
        kind.append(server.backup() ? "backup" : "");
        if (server.weight() != 1) {
            kind.append(kind.length() == 0 ? "" : ", ").append("weight ").append(server.weight());
        }
        if (kind.length() > 0) {
            page.text(" ").element("small", kind.toString(), "class", "dim");
        }
        page.close();
        page.open("td", "data-label", "State");
        page.element("span", server.state(), "class", "pill " + tone(server));
        page.element(
                "small",
                server.outlook().why() + (server.warm() ? "" : "; slow start") + ", for "
                        + TimeText.of(server.outlook().since()),
                "class",
                "dim why");
        override(server.outlook().override());
        buttons(backend, server);
        page.close();
        page.element(
                "td",
                server.inFlight() + (server.maxConnections() == 0 ? "" : " / " + server.maxConnections()),
                "data-label",
                "In flight");
        page.element(
                "td",
                picture.recent() == null || server.recent() == null
                        ? "–"
                        : Words.rate(picture.recent().perSecond(server.recent())),
                "data-label",
                "Rate");
        page.element("td", Words.millis(server.quantile(0.5)), "data-label", "p50");
        page.element("td", Words.millis(server.quantile(0.99)), "data-label", "p99");
        page.element("td", Words.count(server.all().all()), "data-label", "Requests");
        page.open("td", "data-label", "Failures").text(Words.count(server.all().failed()));
        if (server.all().failed() > 0) {
            page.element("small", reasons(server.all().failures()), "class", "dim why");
        }
        page.close();
        page.open("td", "data-label", "Last check");
        if (server.outlook().checked() == null) {
            page.text("–");
        } else {
            page.text(
                    server.outlook().fault() == null ? "well" : server.outlook().fault());
            page.element("small", Words.ago(server.outlook().checked()), "class", "dim why");
        }
        page.close().close();
    }

    private void buttons(String backend, ServerPicture server) {
        if (!operators.mayAct()) {
            return;
        }
        page.open("div", "class", "actions");
        boolean out = server.outlook().state() == Server.State.MAINTENANCE;
        if (out || server.draining()) {
            button("Ready", "ready", backend, server);
        }
        if (!server.draining()) {
            button("Drain", "drain", backend, server);
        }
        if (!out) {
            button("Maintenance", "maintain", backend, server);
        }
        page.close();
    }

    private void button(String label, String action, String backend, ServerPicture server) {
        String name = backend + "/" + server.name();
        operators.button(page, label, "/do/server?action=" + action + "&server=" + Query.encoded(name), name);
    }

    private void override(ServerOverride said) {
        if (said.mode() != null) {
            page.element(
                    "small", "operator: " + said.mode().what().text() + until(said.mode()), "class", "warn-text why");
        }
        if (said.weight() != null) {
            page.element(
                    "small",
                    "operator: weight " + said.weight().what() + until(said.weight()),
                    "class",
                    "warn-text why");
        }
    }

    private static String until(Said<?> said) {
        return ", since " + TimeText.at(said.since())
                + (said.until() == null ? "" : ", until " + TimeText.at(said.until()));
    }

    private static String reasons(Map<String, Long> failures) {
        return failures.entrySet().stream()
                .map(one -> one.getKey() + " " + Words.count(one.getValue()))
                .collect(Collectors.joining(", "));
    }

    private static String tone(ServerPicture server) {
        return server.outlook().state() == Server.State.UP
                ? server.draining() ? "warn" : "good"
                : server.outlook().state() == Server.State.MAINTENANCE ? "warn" : "bad";
    }
}
