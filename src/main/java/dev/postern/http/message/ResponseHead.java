package dev.postern.http.message;

import dev.postern.config.Tolerance;
import dev.postern.wire.Failure;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A response head of a server whose framing is known to be unambiguous. */
public final class ResponseHead {
    public static final long CHUNKED = -1;
    /** The body lasts until the server closes. */
    public static final long UNTIL_CLOSE = -2;

    private final Fields fields;
    private final int status;
    private final int reasonFrom;
    private final int reasonTo;
    private final int minorVersion;
    private final long length;
    private final ConnectionOptions connection;

    private ResponseHead(
            Fields fields,
            int status,
            int reasonFrom,
            int reasonTo,
            int minorVersion,
            long length,
            ConnectionOptions connection) {
        this.fields = fields;
        this.status = status;
        this.reasonFrom = reasonFrom;
        this.reasonTo = reasonTo;
        this.minorVersion = minorVersion;
        this.length = length;
        this.connection = connection;
    }

    /**
     * <a href="https://datatracker.ietf.org/doc/html/rfc9112#section-6.3">RFC 9112 §6.3</a>; a response that says its
     * length in two ways is refused, since whoever gets it next might believe the other. (Nobody gets it next where that
     * is tolerated: what is sent to the client is written anew.)
     */
    static ResponseHead of(
            Fields fields, int status, int reasonFrom, int reasonTo, int minorVersion, Set<Tolerance> tolerated)
            throws BadMessage {
        long length = UNTIL_CLOSE;
        boolean hasLength = false;
        boolean chunked = false;
        ConnectionOptions connection = ConnectionOptions.NONE;
        for (int i = 0; i < fields.count(); i++) {
            switch (fields.name(i)) {
                case FieldName.CONTENT_LENGTH -> {
                    long digits = BodyLength.ofList(fields, i);
                    if (digits < 0 || (hasLength && digits != length)) {
                        throw malformed("Content-Length is not one decimal number");
                    }
                    length = digits;
                    hasLength = true;
                }
                case FieldName.TRANSFER_ENCODING -> {
                    if (chunked || !BodyLength.isChunked(fields, i)) {
                        throw malformed("Transfer-Encoding is not exactly \"chunked\"");
                    }
                    chunked = true;
                }
                case FieldName.CONNECTION ->
                    connection = connection.and(fields, i, Failure.ByServer.MALFORMED_RESPONSE);
                default -> {}
            }
        }
        if (chunked && hasLength) {
            if (!tolerated.contains(Tolerance.TE_AND_CL)) {
                throw malformed("both Transfer-Encoding and Content-Length");
            }
            // RFC 9112 §6.1: the former counts, and nothing that comes after can be trusted.
            connection = connection.andClose();
        }
        if (chunked && minorVersion == 0) {
            throw malformed("Transfer-Encoding in HTTP/1.0");
        }
        return new ResponseHead(
                fields, status, reasonFrom, reasonTo, minorVersion, chunked ? CHUNKED : length, connection);
    }

    /** The same with a cookie for this client alone, unless the server sets one of that name itself. */
    public ResponseHead withCookie(String name, String setCookie) {
        for (int i = fields.find("set-cookie", 0); i >= 0; i = fields.find("set-cookie", i + 1)) {
            if (fields.value(i).startsWith(name + '=')) {
                return this;
            }
        }
        Fields more = fields.with("Set-Cookie", setCookie);
        if (mayBeShared()) {
            // Whoever gets it from a cache would be sent to this client's server.
            more = more.with("Cache-Control", "private");
        }
        return new ResponseHead(more, status, reasonFrom, reasonTo, minorVersion, length, connection);
    }

    private boolean mayBeShared() {
        for (int i = fields.find("cache-control", 0); i >= 0; i = fields.find("cache-control", i + 1)) {
            String value = fields.value(i).toLowerCase(java.util.Locale.ROOT);
            if (value.contains("private") || value.contains("no-store")) {
                return false;
            }
        }
        return true;
    }

    /**
     * The same with other fields, which have to agree with what it says of connection and length.
     *
     * @param other has the reason phrase at the front of its bytes
     */
    public ResponseHead rewritten(Fields other, int otherReasonTo, long otherLength) {
        return new ResponseHead(other, status, 0, otherReasonTo, minorVersion, otherLength, connection);
    }

    private static BadMessage malformed(String detail) {
        return new BadMessage(Failure.ByServer.MALFORMED_RESPONSE, detail);
    }

    public Fields fields() {
        return fields;
    }

    public int status() {
        return status;
    }

    public int reasonFrom() {
        return reasonFrom;
    }

    public int reasonTo() {
        return reasonTo;
    }

    public boolean hasDate() {
        return fields.find(FieldName.DATE) >= 0;
    }

    public boolean isInformational() {
        return status < 200;
    }

    public ConnectionOptions connection() {
        return connection;
    }

    /** What the header fields say: bytes, {@link #CHUNKED} or {@link #UNTIL_CLOSE}. */
    public long declaredLength() {
        return length;
    }

    /** How long the body is that follows this head in answer to {@code request}. */
    public long bodyLength(RequestHead request) {
        return isInformational() || status == 204 || status == 304 || request.isHead() ? 0 : length;
    }

    /** Whether the server keeps the connection. */
    public boolean keepsAlive() {
        return minorVersion == 1 ? !connection.close() : connection.keepAlive() && !connection.close();
    }

    @Nullable public String upgrade() {
        return connection.upgrade() ? fields.first(FieldName.UPGRADE) : null;
    }
}
