package dev.postern.peers;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What came of one case at one proxy, by aspect: {@code answers} that the client got, {@code requests} that the server saw,
 * how it all came to an {@code end}, and what else can be told apart.
 */
final class Outcome {
    static final String ANSWERS = "answers";
    static final String REQUESTS = "requests";
    static final String INTERIM = "interim";
    static final String END = "end";
    private static final String NONE = "(none)";

    /** What differs by the hop, and not by what is sent over it. */
    private static final Set<String> OF_NEIGHBOURS = Set.of(
            "content-length",
            "transfer-encoding",
            "connection",
            "keep-alive",
            "trailer",
            "via",
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-port",
            "x-forwarded-proto",
            "x-real-ip",
            "user-agent",
            "accept-encoding",
            "accept-ranges",
            "server",
            "alt-svc",
            "x-request-id",
            "strict-transport-security");

    private final Map<String, String> aspects = new TreeMap<>();

    void put(String aspect, String value) {
        aspects.put(aspect, Notation.printable(value));
    }

    /** A field as it went on, unless such fields differ by the hop as a rule. */
    void field(PeerCase from, String side, String name, String value) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (from.isCompared(lower) || !OF_NEIGHBOURS.contains(lower)) {
            // When it was is another matter.
            String told = lower.equals("date") && !value.isEmpty() ? "a date" : value;
            aspects.merge(
                    side + " " + Notation.printable(lower), Notation.printable(told), (one, two) -> one + ", " + two);
        }
    }

    String get(String aspect) {
        return aspects.getOrDefault(aspect, NONE);
    }

    Set<String> names() {
        return aspects.keySet();
    }

    /**
     * Whether this, which came of pieces, is as good as what came of the whole. That is so with and without interim answers;
     * and an answer whose framing turns out to be broken is a 502 only as long as nothing of it has been passed on.
     */
    boolean isAsGoodAs(Outcome whole) {
        Map<String, String> one = new TreeMap<>(aspects);
        Map<String, String> two = new TreeMap<>(whole.aspects);
        one.remove(INTERIM);
        two.remove(INTERIM);
        return one.equals(two)
                || (get(END).equals("broken")
                        && whole.get(ANSWERS).equals("502")
                        && get(REQUESTS).equals(whole.get(REQUESTS)));
    }

    @Override
    public String toString() {
        return aspects.toString();
    }
}
