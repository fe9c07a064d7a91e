package dev.postern.config;

import java.util.Map;

/**
 * Who may come in, and has to prove it: <a href="https://datatracker.ietf.org/doc/html/rfc7617">RFC 7617</a>.
 *
 * @param users name → bcrypt hash of the password
 * @param keepAuthorization whether the server gets to see the header
 */
public record BasicAuth(String realm, Map<String, Secret> users, boolean keepAuthorization) {}
