package dev.postern.http.message;

import java.util.List;

/**
 * The header fields that the edge itself reads, writes or removes, recognised by their bytes. All others are
 * {@link #OTHER} and pass through untouched.
 */
public final class FieldName {
    public static final int OTHER = 0;
    public static final int HOST = 1;
    public static final int CONTENT_LENGTH = 2;
    public static final int TRANSFER_ENCODING = 3;
    public static final int CONNECTION = 4;
    public static final int KEEP_ALIVE = 5;
    public static final int PROXY_CONNECTION = 6;
    public static final int TE = 7;
    public static final int UPGRADE = 8;
    public static final int EXPECT = 9;
    static final int VIA = 10;
    public static final int FORWARDED = 11;
    public static final int X_REAL_IP = 12;
    public static final int X_FORWARDED_FOR = 13;
    public static final int X_FORWARDED_PROTO = 14;
    public static final int X_FORWARDED_HOST = 15;
    public static final int X_FORWARDED_PORT = 16;
    /** Any other name that begins with {@code X-Forwarded-}. */
    public static final int X_FORWARDED_ANY = 17;
    /** {@code Proxy}, which CGI programs mistake for an environment setting. */
    public static final int PROXY = 18;

    public static final int PROXY_AUTHORIZATION = 19;
    /** Has a {@code _} or a {@code .} in it: programs behind us may read it as another, trusted name. */
    public static final int AMBIGUOUS = 20;

    static final int DATE = 21;
    public static final int REFERER = 22;
    public static final int USER_AGENT = 23;

    public static final int AUTHORIZATION = 24;
    /**
     * What else a proxy in front of us may say, and nobody else, since programs behind us go by it. {@code X-Original-…} and
     * {@code X-Rewrite-URL}: IIS, Symfony and Laminas route by them, authorization services (Authelia, oauth2-proxy) judge
     * by them, ASP.NET keeps there what it was told. {@code True-Client-IP}, {@code Client-IP}, {@code X-Client-IP} and
     * {@code X-Cluster-Client-IP}: chi, Rails and many PHP programs prefer them to {@code X-Forwarded-For}. {@code Client-Cert}
     * and {@code Client-Cert-Chain}: whose certificate was looked at (RFC 9440 §2.4).
     */
    public static final int CLAIM = 25;

    /**
     * Of no name: a field that we have put there ourselves, which reaches the server whatever a client calls {@code Connection}
     * and whatever a route removes of what clients say.
     */
    public static final int TOLD = 26;

    /** Which trace a request is part of, W3C Trace Context. */
    public static final int TRACEPARENT = 27;

    public static final int TRACESTATE = 28;

    /** Is Content-Length or Transfer-Encoding to a reader that is careless enough, and to nobody else. */
    public static final int ALMOST_FRAMING = 40;

    private static final List<String> FRAMING = List.of("contentlength", "transferencoding");

    private FieldName() {}

    /** @param bytes the name lies in {@code [from, to)} and consists of token characters only */
    public static int of(byte[] bytes, int from, int to) {
        return switch (to - from) {
            case 2 -> is(bytes, from, "te") ? TE : OTHER;
            case 3 -> is(bytes, from, "via") ? VIA : OTHER;
            case 4 -> is(bytes, from, "host") ? HOST : is(bytes, from, "date") ? DATE : OTHER;
            case 5 -> is(bytes, from, "proxy") ? PROXY : OTHER;
            case 6 -> is(bytes, from, "expect") ? EXPECT : OTHER;
            case 7 -> is(bytes, from, "upgrade") ? UPGRADE : is(bytes, from, "referer") ? REFERER : OTHER;
            case 9 ->
                is(bytes, from, "x-real-ip")
                        ? X_REAL_IP
                        : is(bytes, from, "forwarded") ? FORWARDED : is(bytes, from, "client-ip") ? CLAIM : OTHER;
            case 10 ->
                is(bytes, from, "connection")
                        ? CONNECTION
                        : is(bytes, from, "keep-alive")
                                ? KEEP_ALIVE
                                : is(bytes, from, "user-agent")
                                        ? USER_AGENT
                                        : is(bytes, from, "tracestate") ? TRACESTATE : OTHER;
            case 11 ->
                is(bytes, from, "x-client-ip") || is(bytes, from, "client-cert")
                        ? CLAIM
                        : is(bytes, from, "traceparent") ? TRACEPARENT : ofProxies(bytes, from, to);
            case 13 ->
                is(bytes, from, "authorization")
                        ? AUTHORIZATION
                        : is(bytes, from, "x-rewrite-url") ? CLAIM : ofProxies(bytes, from, to);
            case 14 ->
                is(bytes, from, "content-length")
                        ? CONTENT_LENGTH
                        : is(bytes, from, "true-client-ip") ? CLAIM : ofProxies(bytes, from, to);
            case 15 -> is(bytes, from, "x-forwarded-for") ? X_FORWARDED_FOR : ofProxies(bytes, from, to);
            case 16 ->
                is(bytes, from, "x-forwarded-host")
                        ? X_FORWARDED_HOST
                        : is(bytes, from, "x-forwarded-port")
                                ? X_FORWARDED_PORT
                                : is(bytes, from, "proxy-connection") ? PROXY_CONNECTION : ofProxies(bytes, from, to);
            case 17 ->
                is(bytes, from, "transfer-encoding")
                        ? TRANSFER_ENCODING
                        : is(bytes, from, "x-forwarded-proto")
                                ? X_FORWARDED_PROTO
                                : is(bytes, from, "client-cert-chain") ? CLAIM : ofProxies(bytes, from, to);
            case 19 ->
                is(bytes, from, "proxy-authorization")
                        ? PROXY_AUTHORIZATION
                        : is(bytes, from, "x-cluster-client-ip") ? CLAIM : ofProxies(bytes, from, to);
            default -> to - from >= 11 ? ofProxies(bytes, from, to) : OTHER;
        };
    }

    /** @param to at least eleven behind {@code from} */
    private static int ofProxies(byte[] bytes, int from, int to) {
        if (to - from >= 12 && is(bytes, from, "x-forwarded-")) {
            return X_FORWARDED_ANY;
        }
        return is(bytes, from, "x-original-") ? CLAIM : OTHER;
    }

    /**
     * Whether a name is nearly one that says where a body ends: {@code Transfer---Encoding}, {@code Content%2dLength},
     * {@code Transfer_Encoding}. Programs that decode, or drop what they do not expect in a name, would read another
     * request than we do.
     *
     * @param bytes the name lies in {@code [from, to)}, and is neither of the two
     */
    static boolean isAlmostFraming(byte[] bytes, int from, int to) {
        if (to - from < FRAMING.get(0).length()) {
            return false;
        }
        for (String name : FRAMING) {
            if (isAlmost(bytes, from, to, name)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the letters and digits, decoded, are those of {@code name}, whatever else is between them. */
    private static boolean isAlmost(byte[] bytes, int from, int to, String name) {
        int matched = 0;
        for (int i = from; i < to; i++) {
            byte b = Ascii.lower(bytes[i]);
            if (b == '%' && i + 2 < to && Ascii.hex(bytes[i + 1]) >= 0 && Ascii.hex(bytes[i + 2]) >= 0) {
                b = Ascii.lower((byte) (Ascii.hex(bytes[i + 1]) * 16 + Ascii.hex(bytes[i + 2])));
                i += 2;
            }
            if ((b >= 'a' && b <= 'z') || Ascii.isDigit(b)) {
                if (matched == name.length() || b != name.charAt(matched)) {
                    return false;
                }
                matched++;
            }
        }
        return matched == name.length();
    }

    /** Whether the bytes at {@code from} spell {@code lower}, ignoring the case of ASCII letters. */
    public static boolean is(byte[] bytes, int from, String lower) {
        for (int i = 0; i < lower.length(); i++) {
            if (Ascii.lower(bytes[from + i]) != lower.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    public static boolean equalsIgnoreCase(byte[] bytes, int from, int to, String lower) {
        return to - from == lower.length() && is(bytes, from, lower);
    }
}
