package dev.postern.alert;

import dev.postern.config.Alerts.About;

/**
 * Something that is wrong, for as long as it is.
 *
 * @param subject what it is about: a site, a name, a backend; with {@code about} what tells one trouble from another
 * @param title one line
 * @param text what there is to know of it, in lines
 */
public record Trouble(About about, String subject, String title, String text) {
    /** Which one it is, whatever is known of it. */
    record Key(About about, String subject) {}

    Key key() {
        return new Key(about, subject);
    }
}
