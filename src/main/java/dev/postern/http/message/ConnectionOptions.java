package dev.postern.http.message;

import dev.postern.wire.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What {@code Connection} lists, <a href="https://datatracker.ietf.org/doc/html/rfc9110#section-7.6.1">RFC 9110 §7.6.1</a>.
 *
 * @param named lower-case names of fields that go no further than this hop
 */
public record ConnectionOptions(boolean close, boolean keepAlive, boolean upgrade, boolean te, List<String> named) {
    static final ConnectionOptions NONE = new ConnectionOptions(false, false, false, false, List.of());
    private static final ConnectionOptions CLOSE = new ConnectionOptions(true, false, false, false, List.of());
    private static final ConnectionOptions KEEP_ALIVE = new ConnectionOptions(false, true, false, false, List.of());

    /** Each is compared with each field of the head; real messages list one or two. */
    private static final int MAX_OPTIONS = 32;

    /**
     * These and what another {@code Connection} field lists.
     *
     * @param tooMany what to throw where there are more than anybody means
     */
    ConnectionOptions and(Fields fields, int field, Failure tooMany) throws BadMessage {
        byte[] b = fields.bytes();
        int from = fields.valueFrom(field);
        int to = fields.valueTo(field);
        if (equals(NONE) && FieldName.equalsIgnoreCase(b, from, to, "keep-alive")) {
            return KEEP_ALIVE;
        }
        if (equals(NONE) && FieldName.equalsIgnoreCase(b, from, to, "close")) {
            return CLOSE;
        }
        boolean nextClose = close;
        boolean nextKeepAlive = keepAlive;
        boolean nextUpgrade = upgrade;
        boolean nextTe = te;
        List<String> nextNamed = new ArrayList<>(named);
        String[] parts = fields.text(from, to).split(",", MAX_OPTIONS + 1);
        for (String part : parts) {
            String option = part.strip().toLowerCase(Locale.ROOT);
            switch (option) {
                case "close" -> nextClose = true;
                case "keep-alive" -> nextKeepAlive = true;
                case "upgrade" -> nextUpgrade = true;
                case "te" -> nextTe = true;
                case "" -> {}
                default -> nextNamed.add(option);
            }
        }
        if (parts.length > MAX_OPTIONS || nextNamed.size() > MAX_OPTIONS) {
            throw new BadMessage(tooMany, "Connection lists over " + MAX_OPTIONS + " options");
        }
        return new ConnectionOptions(nextClose, nextKeepAlive, nextUpgrade, nextTe, List.copyOf(nextNamed));
    }

    /** These, and that the connection ends. */
    ConnectionOptions andClose() {
        return new ConnectionOptions(true, keepAlive, upgrade, te, named);
    }

    public boolean names(Fields fields, int field) {
        for (String name : named) {
            if (FieldName.equalsIgnoreCase(fields.bytes(), fields.nameFrom(field), fields.nameTo(field), name)) {
                return true;
            }
        }
        return false;
    }
}
