package dev.postern.migrate.caddy;

import dev.postern.migrate.Match;

/**
 * Where we are.
 *
 * @param match of all requests that come here
 * @param cut what is gone of the beginning of their paths, and
 * @param put what stands there now
 */
record Stage(Match match, String cut, String put, Overlays overlays) {
    Stage in(Match narrow) {
        return new Stage(narrow, cut, put, overlays);
    }

    Stage with(Overlays others) {
        return new Stage(match, cut, put, others);
    }

    Stage cutting(String prefix) {
        return new Stage(match, cut + prefix, put, overlays);
    }

    Stage putting(String prefix) {
        return new Stage(match, cut, prefix + put, overlays);
    }
}
