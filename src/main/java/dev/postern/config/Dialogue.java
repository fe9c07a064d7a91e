package dev.postern.config;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What a health check over TCP says, and has to hear, step by step (HAProxy's {@code tcp-check}). Texts stand for bytes, a
 * character up to U+00FF for each. Those that are made here are as short as their protocols allow.
 */
public record Dialogue(List<Step> steps) {
    /** Of a step: what is to be heard may be anywhere in what comes. */
    public static final int ANYWHERE = -1;

    /**
     * Of a step: what is to be heard is what the last line of a reply begins with, {@code 250 OK}, which has a space behind its
     * three digits where the lines before it have a hyphen (RFC 5321 §4.2.1).
     */
    public static final int REPLY = -2;

    /** Nothing is said, and nothing has to be heard: a connection that is accepted is enough. */
    public static final Dialogue NONE = new Dialogue(List.of());

    /** A server that wants a password first, or serves reads only, is up. */
    public static final Dialogue REDIS =
            new Dialogue(List.of(new Step("*1\r\n$4\r\nPING\r\n", List.of("+PONG", "-NOAUTH"), 0)));

    /**
     * The greeting, of version 10 of the protocol; an error such as "too many connections" has another byte there. A server
     * counts connections that say nothing more; MySQL's {@code max_connect_errors} (100 by default) is about those in a row.
     */
    public static final Dialogue MYSQL = new Dialogue(List.of(new Step("", List.of("\n"), 4)));

    public static final Dialogue SMTP = new Dialogue(List.of(
            new Step("", List.of("220"), REPLY),
            new Step("EHLO localhost\r\n", List.of("250"), REPLY),
            new Step("QUIT\r\n", List.of("221"), REPLY)));

    /** RFC 4511 §4.2: an anonymous bind, version 3, which has to be answered by {@code resultCode} success(0). */
    public static final Dialogue LDAP =
            new Dialogue(List.of(new Step("0\f\2\1\1`\7\2\1\3\4\0\u0080\0", List.of("\n\1\0"), ANYWHERE)));

    /**
     * @param send empty for nothing
     * @param expect any of these; none for nothing
     * @param at which byte of what comes after {@code send} they begin at, from 0; or {@link #ANYWHERE}, or {@link #REPLY}
     */
    public record Step(String send, List<String> expect, int at) {}

    /**
     * A server that accepts connections of {@code user} asks for its password, or needs none (AuthenticationRequest); one that
     * is starting, or has too many, answers an error.
     */
    public static Dialogue postgresql(String user) {
        String parameters = "user\0" + user + "\0database\0" + user + "\0\0";
        int length = 8 + parameters.getBytes(StandardCharsets.ISO_8859_1).length;
        // Int32 length, Int32 version 3.0.
        String head = "\0\0" + (char) (length >> 8) + (char) (length & 0xff) + "\0\3\0\0";
        return new Dialogue(List.of(new Step(head + parameters, List.of("R"), 0)));
    }

    public boolean isEmpty() {
        return steps.isEmpty();
    }
}
