package dev.postern.ca.acme;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.ca.ServerName;
import dev.postern.config.ChallengeType;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * An account's right to a name, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.1.4">RFC 8555
 * §7.1.4</a>. Part of the {@link AcmeState}, and used with it.
 */
final class Authorization {
    enum Status {
        PENDING("pending"),
        VALID("valid"),
        INVALID("invalid"),
        DEACTIVATED("deactivated"),
        EXPIRED("expired");

        private final String text;

        Status(String text) {
            this.text = text;
        }
    }

    private final String id;
    private final String accountId;
    private final String name;
    private final List<Challenge> challenges;

    private Status status = Status.PENDING;
    private Instant expires;

    Authorization(String id, String accountId, String name, Instant expires, Tokens tokens, Set<ChallengeType> types) {
        this.id = id;
        this.accountId = accountId;
        this.name = name;
        this.expires = expires;
        this.challenges = types.stream()
                .filter(type -> mayProve(type, name))
                .map(type -> new Challenge(tokens.next(), type.text(), tokens.next(), this))
                .toList();
    }

    private static boolean mayProve(ChallengeType type, String name) {
        boolean byDns = type == ChallengeType.DNS_01;
        return ServerName.isWildcard(name) ? byDns : !byDns || !ServerName.isIpLiteral(name);
    }

    String id() {
        return id;
    }

    String accountId() {
        return accountId;
    }

    /** With the {@code *.} of a wildcard. */
    String name() {
        return name;
    }

    Instant expires() {
        return expires;
    }

    List<Challenge> challenges() {
        return challenges;
    }

    Status status(Instant now) {
        boolean mayExpire = status == Status.PENDING || status == Status.VALID;
        return mayExpire && !now.isBefore(expires) ? Status.EXPIRED : status;
    }

    boolean isProcessing() {
        return status == Status.PENDING
                && challenges.stream().anyMatch(challenge -> challenge.status() == Challenge.Status.PROCESSING);
    }

    void succeed(Instant validUntil) {
        status = Status.VALID;
        expires = validUntil;
    }

    void fail() {
        status = Status.INVALID;
    }

    void deactivate() {
        status = Status.DEACTIVATED;
    }

    JsonObject json(AcmeUrls urls, Instant now) {
        JsonObject json = new JsonObject();
        boolean isWildcard = ServerName.isWildcard(name);
        json.add("identifier", Order.identifierJson(isWildcard ? name.substring(2) : name));
        if (isWildcard) {
            json.addProperty("wildcard", true);
        }
        json.addProperty("status", status(now).text);
        json.addProperty("expires", expires.toString());
        JsonArray array = new JsonArray();
        challenges.forEach(challenge -> array.add(challenge.json(urls)));
        json.add("challenges", array);
        return json;
    }
}
