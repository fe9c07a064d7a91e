package dev.postern.admin;

import dev.postern.status.EdgePicture;
import dev.postern.status.FailedRequest;
import dev.postern.time.TimeText;
import java.util.List;

/** The last requests that failed through no fault of their clients. */
final class FailureSection {
    /** At first sight. */
    private static final int FIRST = 10;

    private final Markup page;
    private final EdgePicture picture;

    FailureSection(Markup page, EdgePicture picture) {
        this.page = page;
        this.picture = picture;
    }

    void write() {
        List<FailedRequest> all = picture.failures();
        page.open("section", "aria-labelledby", "failures");
        page.open("div", "class", "head").element("h2", "Failures", "id", "failures");
        page.element("span", "the last ones that were no fault of their clients", "class", "dim")
                .close();
        page.open("div", "class", "card");
        if (all.isEmpty()) {
            page.element("p", "None yet.", "class", "dim");
        } else {
            table(all.subList(0, Math.min(FIRST, all.size())));
        }
        if (all.size() > FIRST) {
            page.open("details", "id", "more-failures").element("summary", (all.size() - FIRST) + " older ones");
            table(all.subList(FIRST, all.size()));
            page.close();
        }
        page.close().close();
    }

    private void table(List<FailedRequest> rows) {
        page.open("table").open("thead").open("tr");
        for (String heading : new String[] {"When", "Reason", "Status", "Request", "Server", "Id"}) {
            page.element("th", heading, "scope", "col");
        }
        page.close().close().open("tbody");
        rows.forEach(this::row);
        page.close().close();
    }

    private void row(FailedRequest failed) {
        page.open("tr");
        page.open("td", "data-label", "When");
        page.element(
                "time",
                Words.away(failed.at(), picture.at()),
                "datetime",
                TimeText.at(failed.at()),
                "title",
                TimeText.at(failed.at()));
        page.close();
        page.open("td", "data-label", "Reason").text(failed.reason().replace('_', ' '));
        page.element("small", failed.detail(), "class", "dim why").close();
        page.element("td", failed.status() == 0 ? "none" : Integer.toString(failed.status()), "data-label", "Status");
        page.open("td", "data-label", "Request", "class", "wide");
        page.element(
                "code",
                failed.target() == null
                        ? "its head could not be read"
                        : failed.method() + " " + failed.host() + failed.target());
        page.element(
                "small", "from " + failed.client() + ", " + Words.millis((double) failed.millis()), "class", "dim why");
        page.close();
        page.element(
                "td",
                failed.backend() == null
                        ? "–"
                        : failed.backend() + (failed.server() == null ? "" : "/" + failed.server()),
                "data-label",
                "Server");
        page.open("td", "data-label", "Id").element("code", failed.id()).close().close();
    }
}
