package dev.postern.config;

/**
 * What a site may say for all of its routes, and a route for itself: what a route does not say stands as its site says
 * it. Each is described in config/postern.yaml.
 */
public record RouteSettings(EncodedSlashes encodedSlashes, DuplicateSlashes duplicateSlashes) {
    /** A site that says nothing. */
    public static final RouteSettings DEFAULT = new RouteSettings(EncodedSlashes.REFUSE, DuplicateSlashes.MERGE);

    /** What becomes of a path with {@code %2F} or {@code %5C}. */
    public enum EncodedSlashes {
        REFUSE("refuse"),
        KEEP("keep");

        private final String text;

        EncodedSlashes(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /** What a server is sent of slashes that follow each other. */
    public enum DuplicateSlashes {
        MERGE("merge"),
        KEEP("keep");

        private final String text;

        DuplicateSlashes(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }
}
