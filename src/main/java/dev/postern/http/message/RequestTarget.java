package dev.postern.http.message;

import dev.postern.config.RouteSettings.DuplicateSlashes;
import dev.postern.route.PathRefused;
import dev.postern.route.PathRewrite;
import dev.postern.route.PathRule;
import dev.postern.route.PathRule.Slashes;
import dev.postern.route.Route;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a request asks for, and whom: origin form, absolute form, or {@code *} for OPTIONS
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9112#section-3.2">RFC 9112 §3.2</a>). Its path is kept in the one
 * form that {@link PathRule} gives it; nothing else of it is ever compared or sent.
 */
public final class RequestTarget {
    private static final String HTTP = "http://";
    private static final String HTTPS = "https://";

    private final byte[] head;
    private final int from;
    private final int queryFrom;
    private final int to;
    private final Authority authority;

    /** The path came in its one form, and lies in the head. */
    private final boolean plain;

    private final byte[] path;
    private final int pathFrom;
    private final int pathTo;
    /** What routes see of the path; the same bytes, where it has no parameters. */
    private final byte[] routed;

    private final @Nullable String pathFault;
    private final boolean encodedSlash;

    /** The path of {@code head} lies in {@code [from, queryFrom)}, the query with its {@code ?} in {@code [queryFrom, to)}. */
    private RequestTarget(byte[] head, int from, int to, Authority authority) {
        this.head = head;
        this.from = from;
        this.to = to;
        this.queryFrom = pathEnd(head, from, to);
        this.authority = authority;
        this.plain = PathRule.isPlain(head, from, queryFrom);
        if (plain) {
            this.path = head;
            this.pathFrom = isAsterisk() ? queryFrom : from;
            this.pathTo = queryFrom;
            this.routed = head;
            this.pathFault = null;
            this.encodedSlash = false;
            return;
        }
        byte[] normal = {};
        String fault = null;
        try {
            normal = PathRule.apply(head, from, queryFrom, Slashes.MERGE);
        } catch (PathRefused e) {
            fault = e.detail();
        }
        this.path = normal;
        this.pathFrom = 0;
        this.pathTo = normal.length;
        this.routed = PathRule.withoutParameters(normal);
        this.pathFault = fault;
        this.encodedSlash = PathRule.hasEncodedSlash(normal);
    }

    /** The target in {@code [from, to)} of a head whose method and Host lie where they are said to. */
    static RequestTarget of(
            Fields fields, int methodFrom, int methodTo, int from, int to, int host, Authorities authorities)
            throws BadMessage {
        byte[] b = fields.bytes();
        if (FieldName.equalsIgnoreCase(b, methodFrom, methodTo, "connect")) {
            // Not for a gateway. Whatever its target looks like, a server may take what follows for a tunnel.
            throw BadMessage.malformed("method is CONNECT");
        }
        Authority authority = authorities.of(b, fields.valueFrom(host), fields.valueTo(host));
        if (b[from] == '/') {
            return new RequestTarget(b, from, to, authority);
        }
        if (to - from == 1 && b[from] == '*' && FieldName.equalsIgnoreCase(b, methodFrom, methodTo, "options")) {
            return new RequestTarget(b, from, to, authority);
        }
        int scheme =
                startsWith(b, from, to, HTTP) ? HTTP.length() : startsWith(b, from, to, HTTPS) ? HTTPS.length() : 0;
        if (scheme == 0) {
            throw BadMessage.malformed("request target is neither a path nor an http(s) URI");
        }
        int end = from + scheme;
        while (end < to && b[end] != '/' && b[end] != '?') {
            end++;
        }
        Authority ofTarget = Authority.parse(b, from + scheme, end);
        if (!ofTarget.isSameAs(authority, scheme == HTTPS.length())) {
            throw BadMessage.malformed("Host and the authority of the request target differ");
        }
        return new RequestTarget(b, end, to, authority);
    }

    private static boolean startsWith(byte[] b, int from, int to, String scheme) {
        return to - from > scheme.length() && FieldName.is(b, from, scheme);
    }

    private static int pathEnd(byte[] b, int from, int to) {
        for (int i = from; i < to; i++) {
            if (b[i] == '?') {
                return i;
            }
        }
        return to;
    }

    Authority authority() {
        return authority;
    }

    /** {@code *}: the server itself; routes see an empty path. */
    boolean isAsterisk() {
        return from < queryFrom && head[from] == '*';
    }

    /** Holds what routes see of the path, in {@code [routedFrom, routedTo)}; an empty one means {@code /}. */
    byte[] routed() {
        return routed;
    }

    int routedFrom() {
        return pathFrom;
    }

    int routedTo() {
        return plain ? pathTo : routed.length;
    }

    /** Why the request must not be passed on, whatever its route; null where it may be. */
    @Nullable public String pathFault() {
        return pathFault;
    }

    /** Whether the path has a slash or backslash that is encoded. */
    public boolean hasEncodedSlash() {
        return encodedSlash;
    }

    public boolean pathStartsWith(byte[] prefix) {
        return routedTo() - pathFrom >= prefix.length
                && Arrays.equals(routed, pathFrom, pathFrom + prefix.length, prefix, 0, prefix.length);
    }

    /**
     * What a server is asked for: the path in its one form, the query as it came.
     *
     * @param route null where none was asked for
     */
    public HeadWriter write(HeadWriter out, @Nullable Route route) {
        if (isAsterisk()) {
            return out.byteOf('*');
        }
        PathRewrite rewrite = route == null ? null : route.rewrite();
        if (rewrite != null) {
            out.bytes(rewrite.of(path, pathFrom, pathTo));
        } else if (pathFrom == pathTo) {
            out.byteOf('/');
        } else if (plain || route == null || route.settings().duplicateSlashes() == DuplicateSlashes.MERGE) {
            out.bytes(path, pathFrom, pathTo);
        } else {
            out.bytes(withDuplicateSlashes());
        }
        return out.bytes(head, queryFrom, to);
    }

    private byte[] withDuplicateSlashes() {
        try {
            return PathRule.apply(head, from, queryFrom, Slashes.KEEP);
        } catch (PathRefused e) {
            // What is refused does not depend on what becomes of the slashes.
            throw new IllegalStateException(e);
        }
    }

    /** The path in its one form. */
    public String pathText() {
        return pathFrom == pathTo ? "/" : new String(path, pathFrom, pathTo - pathFrom, StandardCharsets.ISO_8859_1);
    }

    /** What routes see of the path. */
    public String routedText() {
        return pathFrom == routedTo()
                ? "/"
                : new String(routed, pathFrom, routedTo() - pathFrom, StandardCharsets.ISO_8859_1);
    }

    /** The query as it came, without its {@code ?}; empty where there is none. */
    public String queryText() {
        return queryFrom == to ? "" : new String(head, queryFrom + 1, to - queryFrom - 1, StandardCharsets.ISO_8859_1);
    }

    /** The path in its one form and the query as it came: the same for every spelling of the same request. */
    public String normalText() {
        return queryFrom == to ? pathText() : pathText() + "?" + queryText();
    }

    /** Path and query as they came, at least {@code /}: for a client that is sent elsewhere with them. */
    public String text() {
        String text = new String(head, from, to - from, StandardCharsets.ISO_8859_1);
        return text.startsWith("/") ? text : isAsterisk() ? "/" : "/" + text;
    }
}
