package dev.postern.config;

import org.jspecify.annotations.Nullable;

public sealed interface Action {
    /** @param rewrite what takes the place of the route's path; null where the server is asked for the same path */
    record ToBackend(String backend, @Nullable String rewrite) implements Action {}

    /** @param location may have placeholders, see {@link Placeholder} */
    record Redirect(@InFile(key = "redirect") String location, int status) implements Action {}

    record Respond(int status, Page page) implements Action {
        public Respond(int status, String text) {
            this(status, Page.text(text));
        }
    }
}
