package dev.postern.config;

import java.util.OptionalInt;

/** How a server is chosen for an exchange. */
public sealed interface Balance {
    Balance ROUND_ROBIN = Plain.ROUND_ROBIN;

    /** Where the request does not matter. */
    enum Plain implements Balance {
        ROUND_ROBIN("round-robin"),
        STATIC_RR("static-rr"),
        LEAST_CONNECTIONS("least-connections"),
        RANDOM("random"),
        FIRST("first");

        private final String text;

        Plain(String text) {
            this.text = text;
        }

        /** As in the file. */
        public String text() {
            return text;
        }
    }

    /**
     * The same key gets the same server.
     *
     * @param boundedLoad how much of its fair share, in percent, a server may have under way before the next one in its
     *     key's order is taken; empty for as much as comes
     */
    record ByHash(Key key, @InFile(absent = "off") OptionalInt boundedLoad) implements Balance {}

    /** What of an exchange decides. */
    sealed interface Key {
        /** The address of the client. */
        record Source() implements Key {}

        /**
         * The path.
         *
         * @param length only so many characters of it; empty for all
         * @param depth only so many of its segments; empty for all
         * @param whole with the query
         */
        record Uri(OptionalInt length, OptionalInt depth, boolean whole) implements Key {}

        /** A parameter of the query. */
        record UrlParam(String name) implements Key {}

        /**
         * Of a connection request of RDP: the cookie of this name ({@code mstshash} has the user). A token of a session broker
         * ({@code msts}) that names one of the servers goes before it.
         */
        record RdpCookie(String name) implements Key {
            /** Of the token that names a server. */
            public static final String TOKEN = "msts";
        }

        /** The first header field of this name. */
        record Header(String name) implements Key {}
    }
}
