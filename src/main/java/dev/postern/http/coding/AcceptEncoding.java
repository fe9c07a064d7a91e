package dev.postern.http.coding;

import dev.postern.config.Compression.Encoding;
import dev.postern.http.message.Fields;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code Accept-Encoding}, <a href="https://datatracker.ietf.org/doc/html/rfc9110#section-12.5.3">RFC 9110 §12.5.3</a>. */
final class AcceptEncoding {
    /** Weights are whole thousandths. */
    private static final int ONE = 1000;

    /** Each is compared with each encoding there is; browsers send four. What is beyond is not looked at. */
    private static final int MAX_ELEMENTS = 32;

    private AcceptEncoding() {}

    /**
     * The one the client likes best; of those it likes alike the first of {@code offered}. Null where it wants none of them,
     * or likes it better as it is.
     */
    static @Nullable Encoding choose(Fields request, List<Encoding> offered, Set<Encoding> working) {
        StringBuilder all = new StringBuilder();
        for (int i = request.find("accept-encoding", 0); i >= 0; i = request.find("accept-encoding", i + 1)) {
            all.append(request.value(i)).append(',');
        }
        if (all.isEmpty()) {
            return null;
        }
        String[] elements = all.toString().toLowerCase(Locale.ROOT).split(",", MAX_ELEMENTS + 1);
        // What is not named, neither itself nor by a star, is wanted less than all that is.
        int best = Math.max(1, weight(elements, "identity", -1));
        Encoding chosen = null;
        int any = weight(elements, "*", 0);
        for (Encoding encoding : offered) {
            int weight = weight(elements, encoding.text(), any);
            if (encoding == Encoding.GZIP && weight == any) {
                // Its name of old, RFC 9110 §8.4.1.3.
                weight = weight(elements, "x-gzip", any);
            }
            if (working.contains(encoding) && (chosen == null ? weight >= best : weight > best)) {
                best = weight;
                chosen = encoding;
            }
        }
        return chosen;
    }

    /** Of the first element of this name; {@code otherwise} where there is none. */
    private static int weight(String[] elements, String name, int otherwise) {
        for (String element : elements) {
            int semicolon = element.indexOf(';');
            String coding = (semicolon < 0 ? element : element.substring(0, semicolon)).strip();
            if (coding.equals(name)) {
                return semicolon < 0
                        ? ONE
                        : weight(element.substring(semicolon + 1).strip());
            }
        }
        return otherwise;
    }

    /** Of {@code q=0.5}; what is no weight is none. */
    private static int weight(String parameter) {
        if (!parameter.matches("q\\s*=\\s*(0(\\.[0-9]{0,3})?|1(\\.0{0,3})?)")) {
            return 0;
        }
        String digits = parameter.substring(parameter.indexOf('=') + 1).strip();
        if (digits.charAt(0) == '1') {
            return ONE;
        }
        String thousandths = digits.length() < 2 ? "" : digits.substring(2);
        return Integer.parseInt((thousandths + "000").substring(0, 3));
    }
}
