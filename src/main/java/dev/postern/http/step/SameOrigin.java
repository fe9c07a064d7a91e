package dev.postern.http.step;

import dev.postern.http.message.FieldName;
import dev.postern.http.message.Fields;
import dev.postern.http.message.RequestHead;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Whether a browser sends something because our own page says so: a login that it remembers comes along with whatever any
 * page has it send. Every browser says with a POST where that comes from ({@code Origin}, <a
 * href="https://fetch.spec.whatwg.org/#origin-header">Fetch</a>; {@code Sec-Fetch-Site}); programs say nothing.
 */
final class SameOrigin {
    private static final String ORIGIN = "origin";
    private static final String SITE = "sec-fetch-site";

    private SameOrigin() {}

    /** Why it does not; null where it does, or no browser has sent it. */
    static @Nullable String violation(RequestHead request) {
        Fields fields = request.fields();
        int site = fields.find(SITE, 0);
        if (site >= 0 && (!fields.value(site).equals("same-origin") || fields.find(SITE, site + 1) >= 0)) {
            return "sent by a page of another origin (Sec-Fetch-Site)";
        }
        int origin = fields.find(ORIGIN, 0);
        if (origin < 0) {
            return null;
        }
        String host = String.valueOf(fields.first(FieldName.HOST)).toLowerCase(Locale.ROOT);
        String text = fields.value(origin).toLowerCase(Locale.ROOT);
        boolean isOurs = text.equals("http://" + host) || text.equals("https://" + host);
        return isOurs && fields.find(ORIGIN, origin + 1) < 0 ? null : "sent by a page of another origin (Origin)";
    }
}
