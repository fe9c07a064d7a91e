package dev.postern.http.message;

/**
 * A field that a server is told by us, and by nobody else.
 *
 * @param value ISO 8859-1, without control characters
 */
public record Told(String name, String value) {}
