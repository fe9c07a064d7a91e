package dev.postern.ca.acme;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.postern.ca.ServerName;
import dev.postern.ca.acme.AcmeOptions.Authorizations;
import dev.postern.config.Addresses;
import dev.postern.config.ChallengeType;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.4">RFC 8555 §7.4</a>: what may be ordered, and what an order starts with. */
final class NewOrders {
    /** As at Let's Encrypt. */
    private static final int NAMES_LIMIT = 100;

    private final AcmeUrls urls;
    private final Tokens tokens;
    private final AcmeOptions options;

    NewOrders(AcmeUrls urls, Tokens tokens, AcmeOptions options) {
        this.urls = urls;
        this.tokens = tokens;
        this.options = options;
    }

    /** Within the {@linkplain AcmeDoor door}. */
    Order create(AcmeState state, SignedRequest request) throws AcmeRefusal {
        JsonObject payload = request.payload();
        if (payload.has("notBefore") || payload.has("notAfter")) {
            throw AcmeRefusal.malformed("notBefore, notAfter: this CA decides them itself");
        }
        String profile = profile(payload);
        List<String> names = names(Json.list(payload, "identifiers"), profile);
        Account account = request.account();
        Instant now = options.clock.instant();
        requireTerms(state, account);
        String replaces = replaces(state, payload, account, names, now);
        state.meter().checkPaused(account.id(), names, urls);
        List<String> unproven = names.stream()
                .filter(name -> known(state, account, name, now) == null)
                .toList();
        if (replaces == null) {
            state.meter().order(account.id(), names, unproven, now);
        }
        List<Authorization> authorizations = new ArrayList<>();
        for (String name : names) {
            Authorization authorization = known(state, account, name, now);
            if (authorization == null) {
                authorization = new Authorization(
                        tokens.next(),
                        account.id(),
                        name,
                        now.plus(AcmeState.PENDING_LIFE),
                        tokens,
                        options.challenges);
                state.add(authorization);
            }
            authorizations.add(authorization);
        }
        Order order = new Order(
                tokens.next(),
                account.id(),
                names,
                authorizations,
                now.plus(AcmeState.PENDING_LIFE),
                profile,
                replaces);
        state.add(order, now);
        return order;
    }

    private @Nullable Authorization known(AcmeState state, Account account, String name, Instant now) {
        return options.authorizations == Authorizations.REUSED ? state.validAuthorization(account, name, now) : null;
    }

    /** <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.3.3">RFC 8555 §7.3.3</a>. */
    private void requireTerms(AcmeState state, Account signer) throws AcmeRefusal {
        Account account = state.accounts().find(signer.id()).orElse(signer);
        if (account.terms() == state.terms()) {
            return;
        }
        String terms = urls.terms(state.terms());
        Problem problem =
                Problem.of(ProblemType.USER_ACTION_REQUIRED, "Terms of service have changed, agree to them: " + terms);
        JsonObject body = problem.json();
        body.addProperty("instance", terms);
        throw AcmeRefusal.with(
                AcmeReply.of(problem.type().status(), "application/problem+json", body.toString())
                        .withLink(terms, "terms-of-service"),
                problem);
    }

    private @Nullable String profile(JsonObject payload) throws AcmeRefusal {
        Optional<String> wanted = Json.text(payload, "profile");
        if (wanted.isPresent() && !options.profiles.containsKey(wanted.get())) {
            throw AcmeRefusal.because(
                    ProblemType.INVALID_PROFILE,
                    "profile: \"" + wanted.get() + "\" (expected: one of " + options.profiles.keySet() + ")");
        }
        return wanted.orElse(options.profiles.keySet().stream().findFirst().orElse(null));
    }

    /** <a href="https://datatracker.ietf.org/doc/html/rfc9773#section-5">RFC 9773 §5</a>; null where it names none. */
    private @Nullable String replaces(
            AcmeState state, JsonObject payload, Account account, List<String> names, Instant now) throws AcmeRefusal {
        if (!payload.has("replaces") || !options.renewalInfo) {
            return null;
        }
        String id = Json.text(payload, "replaces").orElseThrow(() -> AcmeRefusal.malformed("replaces: not a string"));
        AcmeState.Issued old = state.issued(id)
                .orElseThrow(() -> AcmeRefusal.malformed("replaces: no certificate \"" + id + "\" at this CA"));
        if (!old.accountId().equals(account.id())) {
            throw AcmeRefusal.because(
                    ProblemType.UNAUTHORIZED,
                    "replaces: the account of this order did not request the certificate being replaced");
        }
        if (names.stream().noneMatch(old.names()::contains)) {
            throw AcmeRefusal.malformed("replaces: no name of this order is in the certificate being replaced");
        }
        if (state.replacement(id, now).isPresent()) {
            throw AcmeRefusal.because(
                    ProblemType.ALREADY_REPLACED, "replaces: \"" + id + "\" already has a replacement order");
        }
        return id;
    }

    /** All that is wrong with the names at once, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-6.7.1">§6.7.1</a>. */
    private List<String> names(List<JsonElement> identifiers, @Nullable String profile) throws AcmeRefusal {
        if (identifiers.isEmpty() || identifiers.size() > NAMES_LIMIT) {
            throw AcmeRefusal.malformed("identifiers: " + identifiers.size() + " (expected: 1-" + NAMES_LIMIT + ")");
        }
        Set<String> seen = new TreeSet<>();
        List<String> names = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        for (JsonElement element : identifiers) {
            if (!(element instanceof JsonObject identifier)) {
                throw AcmeRefusal.malformed("identifiers: not a list of objects");
            }
            String type = Json.text(identifier, "type").orElse("");
            String value = Json.text(identifier, "value").orElse("");
            problem(type, value, profile).ifPresent(problems::add);
            if (seen.add(value)) {
                names.add(value); // named twice is certified once
            }
        }
        if (problems.size() == 1) {
            throw AcmeRefusal.because(problems.get(0));
        }
        if (!problems.isEmpty()) {
            throw AcmeRefusal.because(new Problem(
                    problems.get(0).type(), problems.size() + " names are refused", null, List.copyOf(problems)));
        }
        return names;
    }

    private Optional<Problem> problem(String type, String name, @Nullable String profile) {
        if (type.equals("ip")) {
            return problemOfAddress(name, profile);
        }
        if (!type.equals("dns")) {
            return Optional.of(Problem.of(
                    ProblemType.UNSUPPORTED_IDENTIFIER, "identifier of type \"" + type + "\" (expected: dns or ip)"));
        }
        boolean isWildcard = ServerName.isWildcard(name);
        if (isWildcard && !options.challenges.contains(ChallengeType.DNS_01)) {
            return Optional.of(Problem.about(
                    name,
                    ProblemType.REJECTED_IDENTIFIER,
                    "a wildcard can be proven with dns-01 only, which is not offered"));
        }
        if (!ServerName.isHostName(isWildcard ? name.substring(2) : name)) {
            return Optional.of(Problem.about(name, ProblemType.MALFORMED, "not a host name in lower case"));
        }
        return problemOfPolicy(name);
    }

    /** <a href="https://datatracker.ietf.org/doc/html/rfc8738#section-3">RFC 8738 §3</a>: one text for each address. */
    private Optional<Problem> problemOfAddress(String name, @Nullable String profile) {
        InetAddress address = Addresses.literal(name);
        if (address == null || !Addresses.text(address).equals(name)) {
            return Optional.of(
                    Problem.about(name, ProblemType.MALFORMED, "not an address in the form of RFC 1123 or RFC 5952"));
        }
        AcmeProfile chosen = profile == null ? null : options.profiles.get(profile);
        if (chosen != null && !chosen.addresses()) {
            // As Let's Encrypt says it.
            return Optional.of(Problem.about(
                    name,
                    ProblemType.REJECTED_IDENTIFIER,
                    "Profile \"" + profile + "\" does not permit ip type identifiers"));
        }
        return problemOfPolicy(name);
    }

    private Optional<Problem> problemOfPolicy(String name) {
        return options.refuse.test(name)
                ? Optional.of(
                        Problem.about(name, ProblemType.REJECTED_IDENTIFIER, "the policy of this CA forbids this name"))
                : Optional.empty();
    }
}
