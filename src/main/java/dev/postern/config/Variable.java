package dev.postern.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What stands for something of the request, or of its connection, in the value of a header. */
public enum Variable {
    /** Whose request it is: the address that the access log has. */
    CLIENT,
    /** Host, without the port. */
    HOST,
    METHOD,
    /** The path in its one form. */
    PATH,
    /** What follows {@code ?}. */
    QUERY,
    /** Path and query. */
    URI,
    /** As in the log, and in every error of Postern's own. */
    REQUEST_ID,
    /** {@code http} or {@code https}. */
    SCHEME,
    /** What the site is called. */
    SITE,
    /** {@code TLSv1.3}; empty without TLS. */
    TLS_VERSION,
    TLS_CIPHER;

    /** A variable, or what looks like one: values may well be JSON. */
    public static final Pattern FORM = Pattern.compile("\\{([a-z][a-z0-9-]*)}");

    /** The one of this name, without its braces; null where there is none. */
    public static @Nullable Variable named(String name) {
        return Arrays.stream(values())
                .filter(variable -> variable.word().equals(name))
                .findFirst()
                .orElse(null);
    }

    private String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** As in the file. */
    String text() {
        return "{" + word() + "}";
    }

    /** All of them, for a message. */
    public static String known() {
        return Arrays.stream(values()).map(Variable::text).collect(Collectors.joining(", "));
    }
}
