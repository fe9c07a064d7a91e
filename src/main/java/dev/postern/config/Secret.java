package dev.postern.config;

import java.util.List;

/**
 * A text for whom it is for alone: whoever prints what holds it, into a log or for an operator, prints that it is one. No
 * record, for what walks through records would come upon the text.
 */
public final class Secret {
    private final String text;

    public Secret(String text) {
        this.text = text;
    }

    public static List<String> texts(List<Secret> secrets) {
        return secrets.stream().map(Secret::text).toList();
    }

    public String text() {
        return text;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Secret secret && text.equals(secret.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return "(secret)";
    }
}
