package dev.postern.config;

import java.nio.file.Path;

/** External account binding, RFC 8555 §7.3.4; the file holds the MAC key in base64url. */
public record ExternalAccount(String keyId, Path hmacFile) {}
