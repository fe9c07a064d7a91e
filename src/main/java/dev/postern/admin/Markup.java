package dev.postern.admin;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * HTML that is being written: what is text stays text, whoever had a hand in it. Elements are closed in the order in which they
 * were opened. One thread.
 */
final class Markup {
    private final StringBuilder html = new StringBuilder(16 * 1024);
    private final Deque<String> open = new ArrayDeque<>();

    Markup() {
        html.append("<!DOCTYPE html>\n");
    }

    /** @param attributes names and values, in turn; one whose value is empty is only named */
    Markup open(String element, String... attributes) {
        tag(element, attributes);
        open.push(element);
        return this;
    }

    /** One that has no content, and no end. */
    Markup empty(String element, String... attributes) {
        tag(element, attributes);
        return this;
    }

    Markup close() {
        html.append("</").append(open.pop()).append('>');
        return this;
    }

    Markup text(String text) {
        escape(text);
        return this;
    }

    /** An element with nothing but text in it. */
    Markup element(String element, String text, String... attributes) {
        return open(element, attributes).text(text).close();
    }

    private void tag(String element, String... attributes) {
        html.append('<').append(element);
        for (int i = 0; i < attributes.length; i += 2) {
            html.append(' ').append(attributes[i]);
            if (!attributes[i + 1].isEmpty()) {
                html.append("=\"");
                escape(attributes[i + 1]);
                html.append('"');
            }
        }
        html.append('>');
    }

    private void escape(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> html.append("&amp;");
                case '<' -> html.append("&lt;");
                case '>' -> html.append("&gt;");
                case '"' -> html.append("&quot;");
                case '\'' -> html.append("&#39;");
                default -> html.append(c);
            }
        }
    }

    /** Complete, once everything is closed. */
    @Override
    public String toString() {
        if (!open.isEmpty()) {
            throw new IllegalStateException("not closed: " + open);
        }
        return html.toString();
    }
}
