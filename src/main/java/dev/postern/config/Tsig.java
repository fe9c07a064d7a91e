package dev.postern.config;

import java.nio.file.Path;

/** A shared secret, <a href="https://datatracker.ietf.org/doc/html/rfc8945">RFC 8945</a>; the file holds it in Base64. */
public record Tsig(String name, String algorithm, Path secretFile) {}
