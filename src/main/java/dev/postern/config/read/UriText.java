package dev.postern.config.read;

import dev.postern.config.NotUnderstood;
import dev.postern.config.Placeholder;
import dev.postern.config.Scalar;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Texts that end up in a request or response head, held to the characters of
 * <a href="https://datatracker.ietf.org/doc/html/rfc3986#section-3.3">RFC 3986 §3.3</a>: nothing that could start another header.
 */
final class UriText {
    // Possessive: where one may go back, each character of a long text would take a frame of the stack.
    private static final Pattern PATH_FORM = Pattern.compile("/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]++|%[0-9A-Fa-f]{2})*+");
    private static final Pattern URI_FORM =
            Pattern.compile("(?:[A-Za-z0-9._~!$&'()*+,;=:@/?#\\[\\]-]++|%[0-9A-Fa-f]{2})*+");

    private static final Pattern ENCODED = Pattern.compile("%([0-9A-Fa-f]{2})");

    /** https://datatracker.ietf.org/doc/html/rfc3986#section-2.3 */
    private static final Pattern UNRESERVED = Pattern.compile("[A-Za-z0-9._~-]");

    /** A path in the form that those of requests are brought into. */
    static final Scalar<String> NORMAL = new Scalar<>("a path such as /api/", UriText::normal);

    /** What exactly the path of a request may be. */
    static final Scalar<String> EXACT = new Scalar<>("a path such as /api/", UriText::exact);

    /** What the path of a request may begin with. */
    static final Scalar<String> PREFIX = new Scalar<>("a path such as /api/", text -> {
        if (text.endsWith("*")) {
            throw new NotUnderstood("ends with a *, but a route takes all that is under its path anyway");
        }
        return exact(text);
    });

    /** What a health check asks for: a path, maybe with a query. */
    static final Scalar<String> PATH_AND_QUERY = new Scalar<>("a path such as /health or /health?deep=1", text -> {
        int query = text.indexOf('?');
        path(query < 0 ? text : text.substring(0, query));
        if (query >= 0 && (!URI_FORM.matcher(text).matches() || text.indexOf('#') >= 0)) {
            throw new NotUnderstood("has characters that a URI has not");
        }
        return text;
    });

    /** Where a redirect leads. */
    static final Scalar<String> LOCATION =
            new Scalar<>("a URL such as https://example.com{uri} or a path such as /new/", text -> {
                location(example(text));
                return text;
            });

    private UriText() {}

    private static String exact(String text) throws NotUnderstood {
        if (text.indexOf(';') >= 0) {
            throw new NotUnderstood("has a parameter, which routes are chosen without");
        }
        return normal(text);
    }

    private static String normal(String text) throws NotUnderstood {
        String path = path(text);
        if (path.contains("//")) {
            throw new NotUnderstood("has //, which is read as / in requests");
        }
        StringBuilder normal = new StringBuilder();
        Matcher encoded = ENCODED.matcher(path);
        while (encoded.find()) {
            int octet = Integer.parseInt(encoded.group(1), 16);
            if (octet < 0x20 || octet == 0x7f) {
                throw new NotUnderstood("has an encoded control character, which is refused in requests");
            }
            String plain = String.valueOf((char) octet);
            encoded.appendReplacement(
                    normal,
                    UNRESERVED.matcher(plain).matches()
                            ? plain
                            : encoded.group().toUpperCase(Locale.ROOT));
        }
        return path(encoded.appendTail(normal).toString());
    }

    private static String path(String text) throws NotUnderstood {
        if (!text.startsWith("/")) {
            throw new NotUnderstood("does not start with /");
        }
        if (text.indexOf('?') >= 0 || text.indexOf('#') >= 0) {
            throw new NotUnderstood("has a query or a fragment");
        }
        if (!PATH_FORM.matcher(text).matches()) {
            throw new NotUnderstood("has characters that a path has not, or a % without two hexadecimal digits");
        }
        if (Arrays.stream(text.split("/")).anyMatch(segment -> segment.equals(".") || segment.equals(".."))) {
            throw new NotUnderstood("has a . or .. segment, which clients remove");
        }
        return text;
    }

    /** The location that one request might be sent to. */
    private static String example(String text) throws NotUnderstood {
        String example = text;
        for (Placeholder placeholder : Placeholder.values()) {
            example = example.replace(placeholder.text(), placeholder.example());
        }
        Matcher unknown = Placeholder.FORM.matcher(example);
        if (unknown.find()) {
            throw new NotUnderstood("has a placeholder that does not exist, " + unknown.group() + " (known: "
                    + Stream.of(Placeholder.values()).map(Placeholder::text).collect(Collectors.joining(", ")) + ")");
        }
        // Whatever else a client says must not decide where it is sent.
        int authority = text.indexOf("://");
        if (authority >= 0) {
            int end = authority + 3;
            while (end < text.length() && "/?#".indexOf(text.charAt(end)) < 0 && !isPath(text, end)) {
                end++;
            }
            String host = text.substring(authority + 3, end).replace(Placeholder.HOST.text(), "");
            if (host.indexOf('{') >= 0) {
                throw new NotUnderstood("lets the client choose the host");
            }
        }
        return example;
    }

    /** Whether a placeholder begins here that always begins with a slash. */
    private static boolean isPath(String text, int at) {
        return text.startsWith(Placeholder.PATH.text(), at)
                || text.startsWith(Placeholder.URI.text(), at)
                || text.startsWith(Placeholder.REST.text(), at);
    }

    private static String location(String text) throws NotUnderstood {
        if (!URI_FORM.matcher(text).matches()) {
            throw new NotUnderstood("has characters that a URI has not");
        }
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw new NotUnderstood("is not a URI");
        }
        if (uri.getScheme() == null) {
            if (!text.startsWith("/") || text.startsWith("//")) {
                throw new NotUnderstood("is neither a URL nor a path");
            }
            return text;
        }
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("https") && !scheme.equals("http")) {
            throw new NotUnderstood("is not http or https");
        }
        if (uri.getHost() == null) {
            throw new NotUnderstood("has no valid host");
        }
        return text;
    }
}
