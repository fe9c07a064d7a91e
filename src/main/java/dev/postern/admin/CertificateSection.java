package dev.postern.admin;

import dev.postern.certificate.care.CertificateStatus;
import dev.postern.certificate.care.CertificateStatus.LeftOut;
import dev.postern.certificate.care.CertificateStatus.Served.Answer;
import dev.postern.observe.Metrics;
import dev.postern.status.EdgePicture;
import dev.postern.status.LifeGone;
import dev.postern.time.TimeText;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Certificates, some of them at a time: what is searched for, a page of it. */
final class CertificateSection {
    /** On a page. */
    private static final int ROWS = 50;

    /** Names that are listed; the others are counted. */
    private static final int NAMES = 4;

    private final Markup page;
    private final EdgePicture picture;
    private final Operators operators;
    private final SiteWords words;
    private final String search;
    private final int number;
    private final Set<String> overdue;

    CertificateSection(Markup page, EdgePicture picture, Query query, SiteWords words, Operators operators) {
        this.page = page;
        this.picture = picture;
        this.operators = operators;
        this.words = words;
        this.search = query.text("q").strip();
        this.number = query.number("page");
        this.overdue = new HashSet<>(Metrics.overdue(picture.certificates(), picture.at()));
    }

    void write() {
        List<CertificateStatus> found =
                picture.certificates().stream().filter(this::isSearchedFor).toList();
        int pages = Math.max(1, (found.size() + ROWS - 1) / ROWS);
        int shown = Math.min(number, pages);
        page.open("section", "aria-labelledby", "certificates");
        page.open("div", "class", "head").element("h2", "Certificates", "id", "certificates");
        page.element("span", count(found.size()), "class", "dim");
        page.open("form", "method", "get", "action", operators.home() + "#certificates", "role", "search");
        page.element("label", "Search sites", "for", "q", "class", "hidden");
        page.empty(
                "input",
                "id",
                "q",
                "name",
                "q",
                "type",
                "search",
                "value",
                search,
                "placeholder",
                "site, name or issuer");
        page.element("button", "Search", "type", "submit").close().close();
        page.open("div", "class", "card");
        if (found.isEmpty()) {
            page.element(
                    "p",
                    picture.certificates().isEmpty() ? "No site has a certificate." : "Nothing is called so.",
                    "class",
                    "dim");
        } else {
            table(found.subList((shown - 1) * ROWS, Math.min(found.size(), shown * ROWS)));
        }
        if (pages > 1) {
            pager(shown, pages);
        }
        page.close().close();
    }

    private boolean isSearchedFor(CertificateStatus status) {
        String wanted = search.toLowerCase(Locale.ROOT);
        return wanted.isEmpty()
                || status.site().contains(wanted)
                || status.names().stream().anyMatch(name -> name.contains(wanted))
                || (status.issuer() != null
                        && status.issuer().toLowerCase(Locale.ROOT).contains(wanted));
    }

    private String count(int found) {
        int all = picture.certificates().size();
        return search.isEmpty() ? Words.number(all, "site") : found + " of " + Words.number(all, "site");
    }

    private void pager(int shown, int pages) {
        page.open("nav", "class", "pager", "aria-label", "Pages of certificates");
        link("first", 1, shown > 1);
        link("previous", shown - 1, shown > 1);
        page.element("span", "page " + shown + " of " + pages, "aria-current", "page");
        link("next", shown + 1, shown < pages);
        link("last", pages, shown < pages);
        page.close();
    }

    private void link(String name, int to, boolean leads) {
        if (leads) {
            page.element(
                    "a",
                    name,
                    "href",
                    operators.home() + "?" + (search.isEmpty() ? "" : "q=" + Query.encoded(search) + "&") + "page=" + to
                            + "#certificates");
        } else {
            page.element("span", name, "class", "dim");
        }
    }

    private void table(List<CertificateStatus> rows) {
        page.open("table").open("thead").open("tr");
        for (String heading :
                new String[] {"Site", "Life", "Issuer", "Next renewal", "Seen by clients", "Last attempt"}) {
            page.element("th", heading, "scope", "col");
        }
        page.close().close().open("tbody");
        rows.forEach(this::row);
        page.close().close();
    }

    private void row(CertificateStatus status) {
        page.open("tr");
        page.open("th", "scope", "row");
        page.element("a", status.site(), "href", "/site?name=" + Query.encoded(status.site()));
        page.element("small", names(status), "class", "dim why");
        for (LeftOut name : status.leftOut()) {
            page.element("small", name.name() + " is left out: " + name.because(), "class", "warn-text why");
        }
        page.close();
        page.open("td", "data-label", "Life", "class", "life");
        life(status);
        page.close();
        page.element("td", status.issuer() == null ? "–" : status.issuer(), "data-label", "Issuer");
        page.open("td", "data-label", "Next renewal");
        Instant next = status.nextRenewal();
        if (next == null) {
            page.text("by its operator");
        } else {
            page.element(
                    "span",
                    next.isAfter(picture.at()) ? Words.away(next, picture.at()) : "due now",
                    "title",
                    TimeText.at(next));
            page.element("small", words.whyThen(status.site()), "class", "dim why");
            if (operators.mayAct()) {
                page.open("div", "class", "actions");
                operators.button(page, "Renew now", "/do/renew?site=" + Query.encoded(status.site()), status.site());
                page.close();
            }
        }
        page.close();
        page.open("td", "data-label", "Seen by clients");
        Answer answer = status.served().answer();
        page.element(
                "span",
                answer == Answer.YES ? "yes" : answer == Answer.NO ? "no" : "not checked",
                "class",
                "pill " + (answer == Answer.YES ? "good" : answer == Answer.NO ? "bad" : "none"));
        if (status.served().why() != null) {
            page.element("small", status.served().why(), "class", "why");
        }
        page.close();
        page.open("td", "data-label", "Last attempt");
        page.element(
                "span",
                status.lastFailure() == null ? "well" : status.lastFailure(),
                "class",
                status.lastFailure() == null ? "dim" : "bad-text why");
        page.close().close();
    }

    private static String names(CertificateStatus status) {
        List<String> others = status.names().stream()
                .filter(name -> !name.equals(status.site()))
                .toList();
        int more = others.size() - NAMES;
        return String.join(", ", others.subList(0, Math.min(NAMES, others.size())))
                + (more > 0 ? " and " + more + " more" : "");
    }

    /** A bar of the whole life: what is gone of it, and where the renewal is. */
    private void life(CertificateStatus status) {
        Instant begins = status.begins();
        Instant ends = status.ends();
        if (begins == null || ends == null) {
            page.element("span", "none", "class", "pill bad");
            return;
        }
        double gone = LifeGone.of(status, picture.at());
        boolean expired = !ends.isAfter(picture.at());
        String tone = expired ? "bad" : overdue.contains(status.site()) ? "warn" : "good";
        String told = expired
                ? "expired " + Words.away(ends, picture.at())
                : Words.share(gone) + " gone, " + TimeText.of(Duration.between(picture.at(), ends)) + " left";
        page.open(
                "svg",
                "class",
                "bar " + tone,
                "viewBox",
                "0 0 100 8",
                "preserveAspectRatio",
                "none",
                "role",
                "img",
                "aria-label",
                told);
        page.open("rect", "class", "all", "width", "100", "height", "8", "rx", "2")
                .close();
        page.open(
                        "rect",
                        "class",
                        "gone",
                        "width",
                        String.format(Locale.ROOT, "%.1f", gone * 100),
                        "height",
                        "8",
                        "rx",
                        "2")
                .close();
        Instant next = status.nextRenewal();
        if (next != null && next.isAfter(picture.at()) && next.isBefore(ends)) {
            page.open(
                            "rect",
                            "class",
                            "next",
                            "x",
                            String.format(Locale.ROOT, "%.1f", LifeGone.part(begins, ends, next) * 100),
                            "width",
                            "1",
                            "height",
                            "8")
                    .close();
        }
        page.close();
        page.element(
                "small", told, "class", "why " + (expired ? "bad-text" : "dim"), "title", "ends " + TimeText.at(ends));
    }
}
