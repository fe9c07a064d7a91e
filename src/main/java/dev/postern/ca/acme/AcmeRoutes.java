package dev.postern.ca.acme;

import com.google.gson.JsonObject;
import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.SignedRequest.Signer;
import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** From method and path to the resource that answers, and from whatever goes wrong to a problem document. */
final class AcmeRoutes {
    private static final Logger LOG = LoggerFactory.getLogger(AcmeRoutes.class);

    private final AcmeUrls urls;
    private final SignedRequest.Checks checks;
    private final Nonces nonces;
    private final AccountResources accounts;
    private final OrderResources orders;
    private final AuthorizationResources authorizations;
    private final CertificateResources certificates;
    private final RenewalResources renewals;
    private final AcmeDoor door;
    private final AcmeOptions options;
    private final AcmeTally tally;

    AcmeRoutes(InternalCa ca, AcmeDoor door, AcmeUrls urls, AcmeOptions options, AcmeTally tally) {
        Tokens tokens = new Tokens(options.random);
        this.urls = urls;
        this.nonces = new Nonces(tokens);
        this.checks = new SignedRequest.Checks(urls, door, nonces, options.trustsSignatures);
        this.accounts = new AccountResources(door, urls, tokens, new ExternalAccounts(options));
        this.orders = new OrderResources(door, urls, tokens, ca, options);
        this.authorizations = new AuthorizationResources(door, urls, options);
        this.certificates = new CertificateResources(door, ca, urls, options.clock);
        this.renewals = new RenewalResources(door, options);
        this.door = door;
        this.options = options;
        this.tally = tally;
    }

    /** What a path asks for, and of which account, order, …; the id is empty where there is only one of its kind. */
    record Route(AcmeRequest request, String id, String part) {
        static Route of(String path) {
            List<String> segments = List.of(path.substring(1).split("/", -1));
            return switch (segments.size()) {
                case 1 -> new Route(single(segments.get(0)), "", "");
                case 2 -> new Route(member(segments.get(0)), segments.get(1), "");
                case 3 -> new Route(part(segments.get(0), segments.get(2)), segments.get(1), segments.get(2));
                default -> new Route(AcmeRequest.OTHER, "", "");
            };
        }

        private static AcmeRequest single(String name) {
            return switch (name) {
                case "directory" -> AcmeRequest.DIRECTORY;
                case "new-nonce" -> AcmeRequest.NEW_NONCE;
                case "new-account" -> AcmeRequest.NEW_ACCOUNT;
                case "new-order" -> AcmeRequest.NEW_ORDER;
                case "revoke-cert" -> AcmeRequest.REVOKE_CERTIFICATE;
                case "key-change" -> AcmeRequest.KEY_CHANGE;
                default -> AcmeRequest.OTHER;
            };
        }

        private static AcmeRequest member(String kind) {
            return switch (kind) {
                case "account" -> AcmeRequest.ACCOUNT;
                case "order" -> AcmeRequest.ORDER;
                case "authorization" -> AcmeRequest.AUTHORIZATION;
                case "challenge" -> AcmeRequest.CHALLENGE;
                case "certificate" -> AcmeRequest.CERTIFICATE;
                case "renewal-info" -> AcmeRequest.RENEWAL_INFO;
                default -> AcmeRequest.OTHER;
            };
        }

        private static AcmeRequest part(String kind, String part) {
            if (kind.equals("certificate")) {
                return AcmeRequest.CERTIFICATE;
            }
            return switch (kind + "/" + part) {
                case "account/orders" -> AcmeRequest.ORDERS;
                case "order/finalize" -> AcmeRequest.FINALIZE;
                default -> AcmeRequest.OTHER;
            };
        }
    }

    /**
     * Answers one request.
     *
     * @param contentType the header, or an empty string
     */
    AcmeReply answer(Route route, String method, String path, String contentType, String body) {
        AcmeReply reply;
        try {
            reply = dispatch(route, method, path, contentType, body);
        } catch (AcmeRefusal e) {
            tally.refused(e.type());
            reply = e.reply();
        } catch (IOException | RuntimeException e) {
            LOG.error("internal ca: {} {}: failed", method, path, e);
            reply = AcmeReply.problem(
                    500, Problem.of(ProblemType.SERVER_INTERNAL, "the server could not do this: " + e.getMessage()));
        }
        AcmeReply uncached = reply.with("Cache-Control", "no-store").withLink(urls.directory(), "index");
        // With errors too: a client whose nonce was bad needs another one. Not with what is read without a signature:
        // clients have to come for their first one, as they do at public CAs.
        return method.equals("POST") || route.request() == AcmeRequest.NEW_NONCE
                ? uncached.with("Replay-Nonce", nonces.next())
                : uncached;
    }

    /** A client whose nonce was bad needs another one. */
    AcmeReply withNonce(AcmeReply reply) {
        return reply.with("Replay-Nonce", nonces.next());
    }

    private AcmeReply dispatch(Route route, String method, String path, String contentType, String body)
            throws AcmeRefusal, IOException {
        switch (route.request()) {
            case DIRECTORY -> {
                requireMethod(method, "GET", "HEAD");
                return AcmeReply.json(200, directory());
            }
            case NEW_NONCE -> {
                // https://datatracker.ietf.org/doc/html/rfc8555#section-7.2
                requireMethod(method, "HEAD", "GET");
                return AcmeReply.empty(method.equals("HEAD") ? 200 : 204);
            }
            case RENEWAL_INFO -> {
                requireMethod(method, "GET", "HEAD");
                if (!options.renewalInfo) {
                    throw AcmeRefusal.notFound(path);
                }
                return renewals.window(route.id());
            }
            case OTHER -> {
                if (path.startsWith("/unpause/")) {
                    return unpause(method, path.substring("/unpause/".length()));
                }
                if ((path.equals("/terms") || path.startsWith("/terms/")) && method.equals("GET")) {
                    return AcmeReply.of(
                            200, "text/plain", "For tests, demonstrations and internal names. No warranty.\n");
                }
                throw AcmeRefusal.notFound(path);
            }
            default -> {
                requireMethod(method, "POST");
                if (!contentType.split(";", 2)[0].trim().equalsIgnoreCase("application/jose+json")) {
                    // https://datatracker.ietf.org/doc/html/rfc8555#section-6.2
                    throw AcmeRefusal.with(
                            415,
                            Problem.of(
                                    ProblemType.MALFORMED,
                                    "Content-Type: \"" + contentType + "\" (expected: application/jose+json)"));
                }
                SignedRequest request = checks.verify(body, urls.base() + path, signer(route.request()));
                return post(route, request);
            }
        }
    }

    private AcmeReply unpause(String method, String accountId) throws AcmeRefusal {
        requireMethod(method, "GET", "POST");
        if (method.equals("POST")) {
            door.change(its -> its.meter().unpause(accountId));
            return AcmeReply.of(200, "text/plain", "Its names may be ordered again.\n");
        }
        return AcmeReply.of(200, "text/plain", "POST here to let this account order its names again.\n");
    }

    private static Signer signer(AcmeRequest request) {
        return switch (request) {
            case NEW_ACCOUNT -> Signer.KEY;
            case REVOKE_CERTIFICATE -> Signer.ACCOUNT_OR_KEY;
            default -> Signer.ACCOUNT;
        };
    }

    private AcmeReply post(Route route, SignedRequest request) throws AcmeRefusal, IOException {
        return switch (route.request()) {
            case NEW_ACCOUNT -> accounts.create(request);
            case ACCOUNT -> accounts.account(request, route.id());
            case ORDERS -> accounts.orders(request, route.id());
            case KEY_CHANGE -> accounts.changeKey(request);
            case NEW_ORDER -> orders.create(request);
            case ORDER -> orders.order(request, route.id());
            case FINALIZE -> orders.finish(request, route.id());
            case AUTHORIZATION -> authorizations.authorization(request, route.id());
            case CHALLENGE -> authorizations.challenge(request, route.id());
            case CERTIFICATE -> certificates.certificate(request, route.id(), route.part());
            case REVOKE_CERTIFICATE -> certificates.revoke(request);
            case DIRECTORY, NEW_NONCE, RENEWAL_INFO, OTHER ->
                throw new IllegalStateException(route.request() + " is not signed");
        };
    }

    /** <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.1.1">RFC 8555 §7.1.1</a>. */
    private JsonObject directory() {
        JsonObject meta = new JsonObject();
        meta.addProperty("termsOfService", urls.terms(door.within(AcmeState::terms)));
        meta.addProperty("website", urls.base());
        meta.add("caaIdentities", Json.array(List.of("localhost")));
        meta.addProperty("externalAccountRequired", options.externalAccountRequired);
        if (!options.profiles.isEmpty()) {
            JsonObject profiles = new JsonObject();
            options.profiles.forEach((name, profile) -> profiles.addProperty(name, profile.description()));
            meta.add("profiles", profiles);
        }
        JsonObject json = new JsonObject();
        json.addProperty("newNonce", urls.newNonce());
        json.addProperty("newAccount", urls.newAccount());
        json.addProperty("newOrder", urls.newOrder());
        json.addProperty("revokeCert", urls.revokeCertificate());
        json.addProperty("keyChange", urls.keyChange());
        if (options.renewalInfo) {
            json.addProperty("renewalInfo", urls.renewal());
        }
        json.add("meta", meta);
        return json;
    }

    private static void requireMethod(String method, String... allowed) throws AcmeRefusal {
        if (!List.of(allowed).contains(method)) {
            Problem problem = Problem.of(ProblemType.MALFORMED, method + " is not possible here");
            throw AcmeRefusal.with(AcmeReply.problem(405, problem).with("Allow", String.join(", ", allowed)), problem);
        }
    }
}
