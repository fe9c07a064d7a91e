package dev.postern.config.read;

import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import dev.postern.config.Secret;
import dev.postern.config.Variable;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;

/**
 * Names and values of header fields, <a href="https://datatracker.ietf.org/doc/html/rfc9110#section-5">RFC 9110 §5</a>,
 * and which of them the configuration has no business with.
 */
final class FieldText {
    /** What a name or a method is made of. */
    static final String TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";

    /** What the configuration wants of a field. */
    enum Use {
        /** To choose a route by it. */
        CONDITION,
        /** To change it on the way to a server. */
        REQUEST,
        /** To change it on the way to a client. */
        RESPONSE
    }

    /** These say where a message ends and what a connection is for; whoever changes them breaks the next message. */
    private static final Set<String> FRAMING = Set.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "transfer-encoding",
            "content-length",
            "te",
            "trailer",
            "expect",
            "proxy-authorization");

    /** What CGI programs take for an environment setting (httpoxy): nobody sends it to a server through us. */
    private static final String HTTPOXY = "proxy";

    /** These say who the client is. */
    private static final Set<String> FORWARDED = Set.of("forwarded", "x-real-ip", "via");

    /** What else only a proxy in front of us may say, and programs behind us go by; {@code http.message.FieldName} has why. */
    private static final Set<String> CLAIMS =
            Set.of("x-rewrite-url", "client-ip", "x-client-ip", "true-client-ip", "x-cluster-client-ip");

    private static final String PREFIX_OF_CLAIMS = "x-original-";

    /** No other spelling of these: whoever takes it for one of them believes a stranger. */
    private static final Set<String> DECISIVE = Set.of(
            "host",
            "upgrade",
            "authorization",
            "cookie",
            "date",
            "user-agent",
            "referer",
            "origin",
            "remote-user",
            "x-remote-user");

    private static final String PREFIX_OF_OURS = "x-forwarded-";

    /** Programs behind us are told by it what {@code rewrite} has cut off. */
    private static final String PREFIX_HEADER = "x-forwarded-prefix";

    /** Secret, for headers carry tokens. */
    static final Scalar<Secret> VALUE = Scalar.secret(new Scalar<>("the value of a header", text -> {
        if (!text.equals(text.strip())) {
            throw new NotUnderstood("begins or ends with white space");
        }
        if (!text.chars().allMatch(c -> c == '\t' || (c >= 0x20 && c < 0x7f))) {
            throw new NotUnderstood("has control characters, or characters outside ASCII");
        }
        Matcher variable = Variable.FORM.matcher(text);
        while (variable.find()) {
            if (Variable.named(variable.group(1)) == null) {
                throw new NotUnderstood("has a variable that does not exist, " + variable.group() + " (known: "
                        + Variable.known() + ")");
            }
        }
        return text;
    }));

    private FieldText() {}

    /** The lower-case form of a name; one that is not allowed is a problem of {@code at}. */
    static String name(Value at, String name, Use use) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (!name.matches(TOKEN)) {
            at.problem(at.quoted(name) + " is no name of a header (expected: letters, digits and hyphens)");
        } else if (FRAMING.contains(lower) || (lower.equals("upgrade") && use != Use.CONDITION)) {
            at.problem(name + " belongs to one connection, not to the message (expected: another header)");
        } else if (lower.equals(HTTPOXY) && use != Use.RESPONSE) {
            at.problem("Proxy is always taken away, since CGI programs mistake it (expected: another header)");
        } else if (lower.equals("host")) {
            at.problem(
                    use == Use.CONDITION
                            ? "sites are chosen by Host (expected: host in when, or a site of that name)"
                            : "which Host servers are asked for says host of the backend (expected: another header)");
        } else if (use == Use.RESPONSE && lower.equals("date")) {
            at.problem("Date is the server's, or ours (expected: another header)");
        } else if (use != Use.RESPONSE && isOurs(lower, use)) {
            at.problem(name + " is written by Postern, who alone knows the client (expected: another header)");
        } else if (use != Use.RESPONSE && (lower.indexOf('_') >= 0 || lower.indexOf('.') >= 0)) {
            at.problem("a server might take a header with _ or . in its name for another"
                    + " (expected: letters, digits and hyphens)");
        } else if (use == Use.CONDITION && isClaim(lower)) {
            at.problem(name + " is what only a proxy may say, and is taken away (expected: another header)");
        }
        return lower;
    }

    /** Whether it goes no further whatever the configuration says of it: to ask for that is no mistake. */
    static boolean isTakenAwayAnyway(String name, Use use) {
        return use == Use.REQUEST && name.equalsIgnoreCase(HTTPOXY);
    }

    /** The lower-case form of the name of a header that clients send and that would be taken away. */
    static String keptName(Value at, String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        String plain = plain(lower);
        if (!name.matches(TOKEN)) {
            at.problem(at.quoted(name) + " is no name of a header (expected: a name such as api_key)");
        } else if (FRAMING.contains(plain) || plain.equals(HTTPOXY) || isOurs(plain, Use.CONDITION)) {
            at.problem(name + " is not the client's to say, however it is written (expected: another header)");
        } else if (!lower.equals(plain) && (DECISIVE.contains(plain) || isClaim(plain))) {
            at.problem("a server might take " + name + " for " + plain + " (expected: another header)");
        } else if (lower.equals(plain) && !isClaim(plain)) {
            at.problem(
                    name
                            + " reaches servers anyway (expected: a name with _ or . in it, or one that docs/clients.md lists)");
        }
        return lower;
    }

    /** What programs that know no {@code _} and no {@code .} in names take a lower-case name for. */
    static String plain(String lower) {
        return lower.replace('_', '-').replace('.', '-');
    }

    private static boolean isClaim(String lower) {
        return CLAIMS.contains(lower) || lower.startsWith(PREFIX_OF_CLAIMS);
    }

    private static boolean isOurs(String lower, Use use) {
        return FORWARDED.contains(lower)
                || (lower.startsWith(PREFIX_OF_OURS) && !(use == Use.REQUEST && lower.equals(PREFIX_HEADER)));
    }
}
