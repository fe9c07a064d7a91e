package dev.postern.migrate;

import dev.postern.config.Placeholder;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.regex.Pattern;

/** Where redirects may lead; whoever reads the result has the rule in full. */
public final class Targets {
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9._~!$&'()*+,;=:@/?#%-]*+");
    private static final Pattern HOST =
            Pattern.compile("https?://(?:\\{host}|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?(?:[/?#{].*)?");

    private Targets() {}

    public static boolean isGood(String text) {
        String example = text;
        for (Placeholder placeholder : Placeholder.values()) {
            example = example.replace(placeholder.text(), placeholder.example());
        }
        if (!FORM.matcher(example).matches()) {
            return false;
        }
        try {
            URI uri = new URI(example);
            return uri.getScheme() == null
                    ? example.startsWith("/") && !example.startsWith("//")
                    : uri.getHost() != null && HOST.matcher(text).matches() && !text.contains("://{query}");
        } catch (URISyntaxException e) {
            return false;
        }
    }
}
