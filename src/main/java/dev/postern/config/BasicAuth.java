package dev.postern.config;

import java.util.List;
import java.util.Map;

/**
 * Who may come in, and has to prove it: <a href="https://datatracker.ietf.org/doc/html/rfc7617">RFC 7617</a>.
 *
 * @param users name → hash of the password: bcrypt, or what is weaker
 * @param keepAuthorization whether the server gets to see the header
 */
public record BasicAuth(String realm, Map<String, Secret> users, boolean keepAuthorization) {
    private boolean isWeak(String user) {
        Secret hash = users.get(user);
        return hash != null && !hash.text().startsWith("$2");
    }

    /** Those whose hash is quickly turned back into the password by whoever reads it, sorted. */
    public List<String> weak() {
        return users.keySet().stream().filter(this::isWeak).sorted().toList();
    }
}
