package dev.postern.config;

import java.util.List;

/** How a site proves its names, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8">RFC 8555 §8</a>. */
public enum ChallengeType {
    HTTP_01("http-01"),
    TLS_ALPN_01("tls-alpn-01"),
    DNS_01("dns-01");

    private final String text;

    ChallengeType(String text) {
        this.text = text;
    }

    /** As in the file, and as CAs call it. */
    public String text() {
        return text;
    }

    /** A wildcard is proven in the DNS only, an address (<a href="https://datatracker.ietf.org/doc/html/rfc8738#section-7">RFC
     * 8738 §7</a>) never there. */
    public static boolean canProve(String name, List<ChallengeType> challenges) {
        return HostName.isWildcard(name)
                ? challenges.contains(DNS_01)
                : !Addresses.isAddress(name) || challenges.stream().anyMatch(type -> type != DNS_01);
    }
}
