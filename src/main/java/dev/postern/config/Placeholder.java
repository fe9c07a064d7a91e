package dev.postern.config;

import java.util.Locale;
import java.util.regex.Pattern;

/** What stands for a part of the request in the location of a redirect. */
public enum Placeholder {
    /** Host, without the port. */
    HOST("host.example"),
    /** The path, which begins with {@code /}. */
    PATH("/path"),
    /** What follows {@code ?}; where there is nothing, the {@code ?} before the placeholder goes, too. */
    QUERY("query"),
    /** Path and query. */
    URI("/path?query"),
    /** What of the path follows that of the route: empty, or begins with {@code /}. */
    REST("/rest");

    /** A placeholder, or what looks like one. */
    public static final Pattern FORM = Pattern.compile("\\{([^{}]*)}");

    private final String example;

    Placeholder(String example) {
        this.example = example;
    }

    /** As in the file. */
    public String text() {
        return "{" + name().toLowerCase(Locale.ROOT) + "}";
    }

    /** What it may stand for, for looking at the whole. */
    public String example() {
        return example;
    }
}
