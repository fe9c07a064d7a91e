package dev.postern.admin;

import dev.postern.http.step.ServePages;
import dev.postern.status.EdgePicture;
import dev.postern.time.TimeText;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The status page: complete without a script, which only brings new numbers. Everything a client or server had a hand in is
 * text. One thread each.
 */
final class StatusPage {
    /** Of concerns; who has more has one in common to them all. */
    private static final int CONCERNS = 12;

    /** From here on two numbers are too long for a tile. */
    private static final int MANY = 999;

    private static final Duration TOLD = Duration.ofMinutes(1);

    private final EdgePicture picture;
    private final Query query;
    private final SiteWords words;
    private final Operators operators;
    private final Markup page = new Markup();

    StatusPage(EdgePicture picture, Query query, SiteWords words, Operators operators) {
        this.picture = picture;
        this.query = query;
        this.words = words;
        this.operators = operators;
    }

    /** All of it. */
    String html() {
        List<Concern> concerns = Concern.of(picture);
        begin(page, concerns.isEmpty() ? "Postern" : "(" + concerns.size() + ") Postern");
        header(concerns);
        page.open("main", "id", "live");
        notice();
        tiles();
        concerns(concerns);
        new BackendSection(page, picture, operators).write();
        new CertificateSection(page, picture, query, words, operators).write();
        new TrafficSection(page, picture).write();
        new FailureSection(page, picture).write();
        new EdgeSection(page, picture, operators).write();
        page.close();
        end(page, picture);
        return page.toString();
    }

    /** Everything that comes before what is shown, on each page. */
    static void begin(Markup page, String title) {
        page.open("html", "lang", "en").open("head");
        page.empty("meta", "charset", "utf-8");
        page.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
        page.empty("meta", "name", "color-scheme", "content", "light dark");
        page.element("title", title);
        page.empty("link", "rel", "icon", "href", "/status.svg", "type", "image/svg+xml");
        page.empty("link", "rel", "stylesheet", "href", "/status.css");
        page.open("script", "src", "/status.js", "defer", "").close();
        page.close().open("body");
        page.element("a", "Skip to the status", "class", "skip", "href", "#live");
    }

    static void end(Markup page, EdgePicture picture) {
        page.open("footer").open("p");
        page.text("As of ").element("time", TimeText.at(picture.at()), "datetime", TimeText.at(picture.at()));
        page.text(" · ").element("a", "status.json", "href", "/status.json");
        page.text(" · ").element("a", "servers.csv", "href", "/status/servers.csv");
        page.text(" · ").element("a", "metrics", "href", "/metrics");
        page.close().close().close().close();
    }

    private void header(List<Concern> concerns) {
        page.open("header", "class", "top");
        page.open("div", "class", "brand");
        page.empty("img", "src", "/status.svg", "alt", "", "width", "32", "height", "32");
        page.open("div").element("h1", "Postern");
        page.element(
                "p",
                picture.edge().version() + ", up "
                        + TimeText.of(Duration.between(picture.edge().since(), picture.at())),
                "class",
                "dim");
        page.close().close();
        boolean grave = concerns.stream().anyMatch(Concern::grave);
        page.element(
                "p",
                concerns.isEmpty() ? "All is well" : Words.number(concerns.size(), "concern"),
                "id",
                "verdict",
                "class",
                "verdict " + (concerns.isEmpty() ? "good" : grave ? "bad" : "warn"),
                "role",
                "status");
        page.open("nav", "aria-label", "Sections");
        for (String[] link : new String[][] {
            {"#backends", "Backends"},
            {"#certificates", "Certificates"},
            {"#traffic", "Traffic"},
            {"#failures", "Failures"},
            {"#edge", "Edge"}
        }) {
            page.element("a", link[1], "href", link[0]);
        }
        if (operators.mayAct()) {
            page.element("span", "signed in as " + operators.name(), "class", "dim");
        } else if (operators.mayLogIn()) {
            page.element("a", "Sign in", "href", ServePages.OPERATOR);
        }
        page.close().close();
    }

    /** What came of the last action, for a while. */
    private void notice() {
        OperatorActions.Outcome last = operators.last();
        if (!operators.mayAct()
                || last == null
                || Duration.between(last.at(), picture.at()).compareTo(TOLD) > 0) {
            return;
        }
        page.element(
                "p",
                last.what() + ", for " + last.operator() + ": " + last.words(),
                "class",
                "notice " + (Boolean.FALSE.equals(last.done()) ? "bad" : "good"),
                "role",
                "status");
    }

    private void tiles() {
        long servers = picture.backends().stream()
                .mapToLong(backend -> backend.servers().size())
                .sum();
        long up = picture.backends().stream().mapToLong(backend -> backend.up()).sum();
        long sites = picture.certificates().size();
        long well = picture.certificates().stream()
                .filter(status -> status.ends() != null && status.ends().isAfter(picture.at()))
                .count();
        long requests = picture.traffic().sites().values().stream()
                .mapToLong(count -> count.all())
                .sum();
        long errors = picture.traffic().sites().values().stream()
                .mapToLong(count -> count.answered(5))
                .sum();
        page.open("section", "class", "tiles", "aria-label", "At a glance");
        tile(
                "Requests",
                picture.rate().isPresent() ? Words.rate(picture.rate().getAsDouble()) : Words.count(requests),
                Words.count(requests) + " since the start",
                "");
        tile(
                "Connections",
                Words.count(picture.edge().connections().used()),
                "of " + Words.count(picture.edge().connections().max()),
                "");
        tile(
                "Servers up",
                up + " / " + servers,
                Words.number(picture.backends().size(), "backend"),
                up < servers ? "warn" : "good");
        tile(
                "Certificates valid",
                well == sites && well > MANY ? "all " + well : well + " / " + sites,
                sites == 0 ? "no site has one" : next(),
                well < sites ? "bad" : "good");
        tile(
                "Answered 5xx",
                Words.count(errors),
                requests == 0 ? "of no requests" : Words.share((double) errors / requests) + " of all",
                errors == 0 ? "good" : errors * 100 > requests ? "warn" : "");
        page.close();
    }

    private String next() {
        return picture.certificates().stream()
                .flatMap(status -> Stream.ofNullable(status.nextRenewal()))
                .min(Comparator.naturalOrder())
                .map(next ->
                        next.isAfter(picture.at()) ? "next renewal " + Words.away(next, picture.at()) : "one is due")
                .orElse("none is renewed here");
    }

    private void tile(String name, String value, String more, String tone) {
        page.open("div", "class", "tile " + tone);
        page.element("h2", name).element("p", value, "class", "value").element("p", more, "class", "dim");
        page.close();
    }

    private void concerns(List<Concern> concerns) {
        if (concerns.isEmpty()) {
            return;
        }
        page.open("section", "class", "card", "aria-labelledby", "concerns");
        page.element("h2", "Needs a look", "id", "concerns").open("ul", "class", "concerns");
        for (Concern concern : concerns.subList(0, Math.min(CONCERNS, concerns.size()))) {
            page.open("li");
            page.element(
                    "span", concern.grave() ? "now" : "soon", "class", "pill " + (concern.grave() ? "bad" : "warn"));
            page.element("a", concern.subject(), "href", concern.href());
            page.element("span", concern.words(), "class", "what").close();
        }
        page.close();
        if (concerns.size() > CONCERNS) {
            page.element("p", "and " + (concerns.size() - CONCERNS) + " more", "class", "dim");
        }
        page.close();
    }
}
