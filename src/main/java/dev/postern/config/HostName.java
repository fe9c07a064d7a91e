package dev.postern.config;

import java.net.InetAddress;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Names in the DNS: letters, digits and hyphens
 * (<a href="https://datatracker.ietf.org/doc/html/rfc1123#section-2.1">RFC 1123 §2.1</a>), lower-case, internationalised
 * ones as A-labels (<a href="https://datatracker.ietf.org/doc/html/rfc5890#section-2.3.2.1">RFC 5890 §2.3.2.1</a>).
 */
public final class HostName {
    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]*[a-z0-9])?");
    // Container networks name servers with underscores; such names never meet a certificate.
    private static final Pattern LOOSE_LABEL = Pattern.compile("[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?");
    private static final Pattern NUMBER = Pattern.compile("[0-9]+");
    // Both from https://datatracker.ietf.org/doc/html/rfc1035#section-2.3.4
    private static final int LONGEST_LABEL = 63;
    private static final int LONGEST_NAME = 253;

    /** The name of a site. */
    public static final Scalar<String> SITE =
            new Scalar<>("a host name such as www.example.com or *.example.com", text -> {
                if (text.equals(Site.ANY)) {
                    return text;
                }
                String bare = text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
                InetAddress address = Addresses.literal(bare);
                if (address != null) {
                    if (address.isAnyLocalAddress() || address.isMulticastAddress()) {
                        throw new NotUnderstood("is the address of no host");
                    }
                    return Addresses.text(address);
                }
                if (text.startsWith("*.")) {
                    String rest = parse(text.substring(2), LABEL);
                    if (rest.length() + 2 > LONGEST_NAME) {
                        throw new NotUnderstood("is longer than " + LONGEST_NAME + " characters");
                    }
                    return "*." + rest;
                }
                return parse(text, LABEL);
            });

    /** A name that stands for itself alone. */
    public static final Scalar<String> PLAIN = new Scalar<>("a host name such as metrics.internal", HostName::plain);

    private HostName() {}

    private static String plain(String text) throws NotUnderstood {
        if (text.startsWith("*")) {
            throw new NotUnderstood("is a wildcard");
        }
        return parse(text, LOOSE_LABEL);
    }

    /** The name of a server: like that of a site, without wildcards and with underscores. */
    public static String server(String text) throws NotUnderstood {
        return parse(text, LOOSE_LABEL);
    }

    public static boolean isWildcard(String name) {
        return name.startsWith("*.");
    }

    /** Whether a certificate for {@code names} is one for {@code name}, too; a wildcard stands for exactly one label. */
    public static boolean covers(List<String> names, String name) {
        int dot = name.indexOf('.');
        return names.contains(name)
                || (dot > 0 && !Addresses.isAddress(name) && names.contains("*" + name.substring(dot)));
    }

    private static String parse(String text, Pattern label) throws NotUnderstood {
        if (text.isEmpty()) {
            throw new NotUnderstood("is empty");
        }
        if (text.contains("/")) {
            throw new NotUnderstood("is a URL or a path");
        }
        if (text.contains("*")) {
            throw new NotUnderstood("has a wildcard that is not its whole first label");
        }
        String ascii = InternationalName.ascii(text.endsWith(".") ? text.substring(0, text.length() - 1) : text);
        if (ascii.length() > LONGEST_NAME) {
            throw new NotUnderstood("is longer than " + LONGEST_NAME + " characters");
        }
        if (ascii.contains(":")) {
            throw new NotUnderstood("has a port");
        }
        for (String each : ascii.split("\\.", -1)) {
            if (each.isEmpty()) {
                throw new NotUnderstood("has an empty label");
            }
            if (each.length() > LONGEST_LABEL) {
                throw new NotUnderstood("has a label longer than " + LONGEST_LABEL + " characters");
            }
            if (!label.matcher(each).matches()) {
                throw new NotUnderstood("has a label that is not letters, digits and inner hyphens");
            }
        }
        // A name that ends in digits is taken for an IPv4 address:
        // https://url.spec.whatwg.org/#ends-in-a-number-checker
        if (NUMBER.matcher(ascii.substring(ascii.lastIndexOf('.') + 1)).matches()) {
            throw new NotUnderstood("ends in a number");
        }
        return ascii;
    }
}
