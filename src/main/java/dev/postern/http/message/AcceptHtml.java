package dev.postern.http.message;

import java.util.Locale;

/**
 * Whether {@code Accept} names HTML, as browsers' does
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9110#section-12.5.1">RFC 9110 §12.5.1</a>). Programs that take
 * anything are better off with plain text.
 */
public final class AcceptHtml {
    private static final String HTML = "text/html";

    private AcceptHtml() {}

    public static boolean isIn(Fields request) {
        for (int i = request.find("accept", 0); i >= 0; i = request.find("accept", i + 1)) {
            for (String element : request.value(i).toLowerCase(Locale.ROOT).split(",", -1)) {
                String range = element.strip();
                if (range.equals(HTML)
                        || (range.startsWith(HTML + ";") && !range.matches(".*;\\s*q\\s*=\\s*0(\\.0*)?"))) {
                    return true;
                }
            }
        }
        return false;
    }
}
