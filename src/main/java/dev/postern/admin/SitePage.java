package dev.postern.admin;

import dev.postern.status.EdgePicture;
import java.util.List;

/** All that is known of the care for one site: what {@code postern cert explain} says. */
final class SitePage {
    private final EdgePicture picture;
    private final String site;
    private final List<String> lines;

    /** @param lines {@code what: text} each */
    SitePage(EdgePicture picture, String site, List<String> lines) {
        this.picture = picture;
        this.site = site;
        this.lines = lines;
    }

    String html() {
        Markup page = new Markup();
        StatusPage.begin(page, site + " – Postern");
        page.open("header", "class", "top").open("div", "class", "brand");
        page.empty("img", "src", "/status.svg", "alt", "", "width", "32", "height", "32");
        page.open("div").element("h1", site);
        page.open("p").element("a", "← all of Postern", "href", "/#certificates");
        page.close().close().close().close();
        page.open("main", "id", "live").open("section", "class", "card", "aria-labelledby", "care");
        page.element("h2", "The care of its certificate", "id", "care");
        if (lines.isEmpty()) {
            page.element(
                    "p",
                    "No issuer is asked for this site: its operator brings the certificate, or another site has it.");
        }
        page.open("dl", "class", "explained");
        for (String line : lines) {
            int colon = line.indexOf(": ");
            page.element("dt", colon < 0 ? "" : line.substring(0, colon));
            page.element("dd", colon < 0 ? line : line.substring(colon + 2));
        }
        page.close().close().close();
        StatusPage.end(page, picture);
        return page.toString();
    }
}
