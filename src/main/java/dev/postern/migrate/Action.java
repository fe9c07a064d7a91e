package dev.postern.migrate;

/** What is done with a request. */
public sealed interface Action {
    /**
     * The same for a route that has another path: what takes the place of a path, or follows it, is that of the route.
     *
     * @param from the path of the route that it is of
     * @param to the path of the other one, which lies below that
     */
    default Action at(String from, String to) {
        String left = withoutSlash(to)
                .substring(
                        Math.min(withoutSlash(from).length(), withoutSlash(to).length()));
        if (this instanceof To passed && !passed.rewrite().isEmpty()) {
            String rewrite = withoutSlash(passed.rewrite()) + left + (to.endsWith("/") ? "/" : "");
            return new To(passed.backend(), rewrite.isEmpty() ? "/" : rewrite);
        }
        return this instanceof Redirect redirect
                ? new Redirect(redirect.location().replace("{rest}", left + "{rest}"), redirect.status())
                : this;
    }

    private static String withoutSlash(String path) {
        return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }

    /**
     * @param backend as the other program calls it
     * @param rewrite what takes the place of the route's path; empty where the server is asked for it as it is
     */
    record To(String backend, String rewrite) implements Action {
        public To(String backend) {
            this(backend, "");
        }
    }

    record Redirect(String location, int status) implements Action {}

    /** Whoever came over HTTP is sent to the same over HTTPS. */
    record ToHttps(int status) implements Action {}

    /** @param contentType empty where it says none */
    record Respond(int status, String body, String contentType) implements Action {}

    /** Answered 403, which is what {@code allow} and {@code deny} answer too. */
    record Deny(int status) implements Action {}

    /** No further rule of its kind is asked; those are read as if they said so themselves. */
    record Accept() implements Action {}

    /**
     * What is done to a header on the way.
     *
     * @param how {@code set}, {@code add} or {@code remove}
     */
    record Header(boolean toServer, String how, String name, String value) implements Action {
        public String section() {
            return toServer ? "request-headers" : "response-headers";
        }
    }
}
