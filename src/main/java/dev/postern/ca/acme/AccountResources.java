package dev.postern.ca.acme;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.3">RFC 8555 §7.3</a>: account management. */
final class AccountResources {
    private static final Pattern ADDRESS = Pattern.compile("[^@\\s?,]+@[^@\\s?,]+");

    private final AcmeDoor door;
    private final AcmeUrls urls;
    private final Tokens tokens;
    private final ExternalAccounts external;

    AccountResources(AcmeDoor door, AcmeUrls urls, Tokens tokens, ExternalAccounts external) {
        this.door = door;
        this.urls = urls;
        this.tokens = tokens;
        this.external = external;
    }

    AcmeReply create(SignedRequest request) throws AcmeRefusal, IOException {
        JsonObject payload = request.payload();
        return door.<AcmeReply, AcmeRefusal, IOException>within(its -> create(its, request, payload));
    }

    private AcmeReply create(AcmeState state, SignedRequest request, JsonObject payload)
            throws AcmeRefusal, IOException {
        Optional<Account> existing = state.accounts().find(request.key());
        if (existing.isPresent()) {
            if (!existing.get().isValid()) {
                throw AcmeRefusal.because(ProblemType.UNAUTHORIZED, "the account with this key is deactivated");
            }
            // https://datatracker.ietf.org/doc/html/rfc8555#section-7.3.1
            return reply(200, agreed(state, existing.get(), payload));
        }
        if (Json.isTrue(payload, "onlyReturnExisting")) {
            throw AcmeRefusal.because(ProblemType.ACCOUNT_DOES_NOT_EXIST, "no account has this key");
        }
        if (!Json.isTrue(payload, "termsOfServiceAgreed")) {
            throw termsNotAgreed(state);
        }
        List<String> contact = contact(payload).orElse(List.of());
        Optional<JsonObject> binding = Json.object(payload, "externalAccountBinding");
        String externalKeyId = external.verify(binding, request, state.accounts());
        Account account = new Account(
                tokens.next(),
                request.key(),
                contact,
                Account.Status.VALID,
                state.terms(),
                externalKeyId,
                externalKeyId == null ? null : binding.map(JsonObject::toString).orElse(null));
        state.accounts().put(account);
        state.countAccount();
        return reply(201, account);
    }

    /** <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.3.2">RFC 8555 §7.3.2</a> and §7.3.6. */
    AcmeReply account(SignedRequest request, String id) throws AcmeRefusal, IOException {
        return door.<AcmeReply, AcmeRefusal, IOException>within(its -> account(its, request, id));
    }

    private AcmeReply account(AcmeState state, SignedRequest request, String id) throws AcmeRefusal, IOException {
        Account account = own(state, request, id);
        if (request.isRead()) {
            return reply(200, account);
        }
        JsonObject payload = request.payload();
        Optional<String> status = Json.text(payload, "status");
        if (status.isPresent() && !status.get().equals("valid")) {
            if (!status.get().equals("deactivated")) {
                throw AcmeRefusal.malformed("status: \"" + status.get() + "\" (expected: deactivated)");
            }
            account = account.deactivated();
        }
        account = agreed(state, account, payload);
        Optional<List<String>> contact = contact(payload);
        if (contact.isPresent()) {
            account = account.withContact(contact.get());
        }
        state.accounts().put(account);
        return reply(200, account);
    }

    /** <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.1.2.1">RFC 8555 §7.1.2.1</a>. */
    AcmeReply orders(SignedRequest request, String id) throws AcmeRefusal {
        request.requireRead();
        return door.within(its -> {
            JsonArray array = new JsonArray();
            its.orders(own(its, request, id)).forEach(order -> array.add(urls.order(order)));
            JsonObject json = new JsonObject();
            json.add("orders", array);
            return AcmeReply.json(200, json);
        });
    }

    /**
     * The payload is a request of its own, signed with the new key, <a
     * href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.3.5">RFC 8555 §7.3.5</a>.
     */
    AcmeReply changeKey(SignedRequest request) throws AcmeRefusal, IOException {
        Jws inner = Jws.parse(request.payloadText());
        AccountKey newKey =
                inner.key().orElseThrow(() -> AcmeRefusal.malformed("inner request: \"jwk\" is missing or no object"));
        inner.verify(newKey.publicKey());
        if (!inner.text("url").equals(Optional.of(request.url())) || inner.has("nonce") || inner.has("kid")) {
            throw AcmeRefusal.malformed("inner request: needs the url of the outer one, and neither nonce nor kid");
        }
        JsonObject payload = Jws.object(inner.payload(), "inner payload");
        return door.<AcmeReply, AcmeRefusal, IOException>within(its -> changeKey(its, request, payload, newKey));
    }

    private AcmeReply changeKey(AcmeState state, SignedRequest request, JsonObject payload, AccountKey newKey)
            throws AcmeRefusal, IOException {
        Account account = own(state, request, request.account().id());
        if (!Json.text(payload, "account").equals(Optional.of(urls.account(account)))) {
            throw AcmeRefusal.malformed("inner payload: account is not the one that asks");
        }
        JsonObject oldKey = Json.object(payload, "oldKey")
                .orElseThrow(() -> AcmeRefusal.malformed("inner payload: \"oldKey\" is missing or no object"));
        if (!AccountKey.parse(oldKey.toString()).isSameAs(account.key())) {
            throw AcmeRefusal.malformed("inner payload: oldKey is not the key of the account");
        }
        Optional<Account> holder = state.accounts().find(newKey);
        if (holder.isPresent()) {
            Problem problem = Problem.of(ProblemType.MALFORMED, "another account has this key");
            throw AcmeRefusal.with(
                    AcmeReply.problem(409, problem).with("Location", urls.account(holder.get())), problem);
        }
        Account changed = account.withKey(newKey);
        state.accounts().put(changed);
        return reply(200, changed);
    }

    /** The account as it is now, which may have changed since the request was verified. */
    private static Account own(AcmeState state, SignedRequest request, String id) throws AcmeRefusal {
        if (!request.account().id().equals(id)) {
            throw AcmeRefusal.because(ProblemType.UNAUTHORIZED, "this belongs to another account");
        }
        return state.accounts().find(id).orElseThrow(() -> AcmeRefusal.notFound("account"));
    }

    private AcmeReply reply(int status, Account account) {
        return AcmeReply.json(status, account.json(urls)).with("Location", urls.account(account));
    }

    private Account agreed(AcmeState state, Account account, JsonObject payload) throws IOException {
        if (!Json.isTrue(payload, "termsOfServiceAgreed") || account.terms() == state.terms()) {
            return account;
        }
        Account agreed = account.agreedTo(state.terms());
        state.accounts().put(agreed);
        return agreed;
    }

    private AcmeRefusal termsNotAgreed(AcmeState state) {
        Problem problem = Problem.of(
                ProblemType.USER_ACTION_REQUIRED,
                "termsOfServiceAgreed: must be true, see " + urls.terms(state.terms()));
        return AcmeRefusal.with(
                AcmeReply.problem(problem.type().status(), problem)
                        .withLink(urls.terms(state.terms()), "terms-of-service"),
                problem);
    }

    private static Optional<List<String>> contact(JsonObject payload) throws AcmeRefusal {
        if (!payload.has("contact")) {
            return Optional.empty();
        }
        List<String> contact = Json.texts(payload, "contact")
                .orElseThrow(() -> AcmeRefusal.malformed("contact: not a list of strings"));
        for (String url : contact) {
            if (!url.startsWith("mailto:")) {
                throw AcmeRefusal.because(
                        ProblemType.UNSUPPORTED_CONTACT, "contact: \"" + url + "\" (expected: a mailto address)");
            }
            if (!ADDRESS.matcher(url.substring("mailto:".length())).matches()) {
                throw AcmeRefusal.because(
                        ProblemType.INVALID_CONTACT, "contact: \"" + url + "\" is not one plain address");
            }
        }
        return Optional.of(contact);
    }
}
