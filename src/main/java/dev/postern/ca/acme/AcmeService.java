package dev.postern.ca.acme;

import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeRoutes.Route;
import dev.postern.certificate.issuer.SuggestedWindow;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link InternalCa} behind ACME, <a href="https://datatracker.ietf.org/doc/html/rfc8555">RFC 8555</a>, without the
 * network: a request goes in, a reply comes out, on the thread of the caller. Everything goes by the clock of its
 * {@link AcmeOptions} (and signing by that of the CA, which should be the same). Safe for use by several threads.
 */
public final class AcmeService {
    private static final Logger LOG = LoggerFactory.getLogger(AcmeService.class);

    /** A signed CSR with a hundred names and a 4096 bit key is a tenth of it. */
    static final int BODY_LIMIT = 128 * 1024;

    /** <a href="https://datatracker.ietf.org/doc/html/rfc9110#section-5.6.7">RFC 9110 §5.6.7</a>. */
    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final AcmeOptions options;
    private final AcmeDoor door;
    private final AcmeUrls urls;
    private final AcmeRoutes routes;
    private final AcmeTally tally = new AcmeTally();

    private AcmeService(InternalCa ca, AcmeDoor door, AcmeUrls urls, AcmeOptions options) {
        this.options = options;
        this.door = door;
        this.urls = urls;
        this.routes = new AcmeRoutes(ca, door, urls, options, tally);
    }

    /**
     * Opens the service.
     *
     * @param base scheme and authority of its URLs, which need not lead anywhere: {@code https://ca.example}
     * @throws IOException where the {@linkplain AcmeOptions#state accounts} cannot be read
     */
    public static AcmeService open(InternalCa ca, URI base, AcmeOptions options) throws IOException {
        Path accounts = options.state().map(path -> path.resolve("accounts")).orElse(null);
        AcmeState state = new AcmeState(Accounts.open(accounts), options.limits);
        return new AcmeService(ca, new AcmeDoor(state), new AcmeUrls(base.toString()), options);
    }

    /** Where a client begins. */
    public URI directory() {
        return URI.create(urls.directory());
    }

    public AcmeCounters counters() {
        return door.within(AcmeState::counters);
    }

    /** Everything that was issued, oldest first. */
    public List<AcmeIssuance> issuances() {
        return door.within(AcmeState::issuances);
    }

    /** How many requests of each kind came, also those that went wrong on purpose. */
    public Map<AcmeRequest, Long> requests() {
        return tally.requests();
    }

    /** How many requests were refused, by the type of the problem; not those refused on purpose. */
    public Map<ProblemType, Long> refusals() {
        return tally.refusals();
    }

    /**
     * Sets the renewal window of a certificate from here.
     *
     * @param window its {@code askAgain} may be null for the usual one
     */
    public void suggestRenewal(X509Certificate certificate, SuggestedWindow window) {
        door.change(its -> its.suggest(CertificateId.of(certificate), window));
    }

    /** From now on nothing can be ordered by an account that has not agreed to the new terms of service. */
    public void changeTerms() {
        door.change(AcmeState::changeTerms);
    }

    /** What the owners of all accounts do at the URL that the refusal names. */
    public void agreeToTerms() throws IOException {
        door.change(its -> its.accounts().change(account -> account.agreedTo(its.terms())));
    }

    /** As if the account had never been. */
    public void forgetAccount(String url) throws IOException {
        String id = urls.accountId(url);
        door.change(its -> its.accounts().forget(account -> account.id().equals(id)));
    }

    /** Like a CA that lost its database. */
    public void forgetAccounts() throws IOException {
        door.change(its -> its.accounts().forget(account -> true));
    }

    /** The account may not order the name until it is {@linkplain #unpause unpaused}. */
    public void pause(String accountUrl, String name) {
        door.change(its -> its.meter().pause(urls.accountId(accountUrl), name));
    }

    /** What the owner of the account does at the URL that the refusal names. */
    public void unpause(String accountUrl) {
        door.change(its -> its.meter().unpause(urls.accountId(accountUrl)));
    }

    /**
     * Answers one request.
     *
     * @param target as in the request line, or a whole URL
     * @param headers by name, in any case; only Content-Type matters
     */
    public AcmeReply answer(String method, String target, Map<String, String> headers, byte[] body) {
        Optional<String> path = path(target);
        Route route = Route.of(path.orElse("/"));
        try {
            options.probe.before(route.request());
        } catch (Exception | AssertionError e) {
            return dropped(route, e);
        }
        tally.asked(route.request());
        Optional<Fault.Early> fault = options.faults.first(route.request(), Fault.Early.class);
        AcmeReply reply;
        if (fault.isPresent()) {
            reply = instead(fault.get(), method);
        } else if (path.isEmpty()) {
            reply = AcmeReply.problem(400, Problem.of(ProblemType.MALFORMED, "the target is not a URL"));
        } else if (body.length > BODY_LIMIT) {
            reply = AcmeReply.problem(413, Problem.of(ProblemType.MALFORMED, "request is too long"));
        } else {
            reply = routes.answer(
                    route, method, path.get(), contentType(headers), new String(body, StandardCharsets.UTF_8));
        }
        try {
            options.probe.after(route.request(), reply.status());
        } catch (Exception | AssertionError e) {
            return dropped(route, e);
        }
        Instant date = options.clock.instant();
        for (Fault.Late late : options.faults.all(route.request(), Fault.Late.class)) {
            if (late instanceof Fault.WrongDate wrong) {
                date = date.plus(wrong.by());
            } else if (late instanceof Fault.Deliver deliver) {
                reply = reply.delivered(deliver.how());
            }
        }
        AcmeReply dated = reply.with("Date", HTTP_DATE.format(date));
        return method.equals("HEAD") ? dated.withoutBody() : dated;
    }

    private AcmeReply instead(Fault.Early fault, String method) {
        if (fault instanceof Fault.Answer answer) {
            return AcmeReply.of(answer.status(), answer.contentType(), answer.body());
        }
        if (!(fault instanceof Fault.Refuse refuse)) {
            return AcmeReply.empty(500).delivered(Delivery.RESET);
        }
        Problem problem = refuse.problem();
        AcmeReply reply = problem == null
                ? AcmeReply.of(refuse.status(), "text/plain", "")
                : AcmeReply.problem(refuse.status(), problem);
        Fault.RetryAfter later = refuse.retryAfter();
        if (later != null) {
            reply = later.asDate()
                    ? reply.with(
                            "Retry-After",
                            HTTP_DATE.format(options.clock.instant().plus(later.delay())))
                    : reply.later(later.delay());
        }
        return method.equals("POST") && problem != null ? routes.withNonce(reply) : reply;
    }

    private static AcmeReply dropped(Route route, Throwable why) {
        LOG.debug("internal ca: {}: connection dropped", route.request(), why);
        return AcmeReply.empty(500).delivered(Delivery.RESET);
    }

    private static Optional<String> path(String target) {
        try {
            String path = new URI(target).getPath();
            return path == null || !path.startsWith("/") ? Optional.empty() : Optional.of(path);
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }

    private static String contentType(Map<String, String> headers) {
        return headers.entrySet().stream()
                .filter(header -> header.getKey().equalsIgnoreCase("Content-Type"))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse("");
    }
}
