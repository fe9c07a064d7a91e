package dev.postern.ca.acme;

import com.google.gson.JsonObject;
import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeOptions.Finalization;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.4">RFC 8555 §7.4</a> and §7.5: from names to a certificate. */
final class OrderResources {
    private static final Logger LOG = LoggerFactory.getLogger(OrderResources.class);

    private final AcmeDoor door;
    private final AcmeUrls urls;
    private final Tokens tokens;
    private final InternalCa ca;
    private final AcmeOptions options;
    private final NewOrders newOrders;

    OrderResources(AcmeDoor door, AcmeUrls urls, Tokens tokens, InternalCa ca, AcmeOptions options) {
        this.door = door;
        this.urls = urls;
        this.tokens = tokens;
        this.ca = ca;
        this.options = options;
        this.newOrders = new NewOrders(urls, tokens, options);
    }

    AcmeReply create(SignedRequest request) throws AcmeRefusal {
        return door.within(its -> reply(201, newOrders.create(its, request)));
    }

    AcmeReply order(SignedRequest request, String id) throws AcmeRefusal {
        request.requireRead();
        return door.within(its -> {
            Order order = its.order(id, request.account());
            order.read();
            return reply(200, order);
        });
    }

    AcmeReply finish(SignedRequest request, String id) throws AcmeRefusal {
        JsonObject payload = request.payload();
        String csr = Json.text(payload, "csr").orElseThrow(() -> AcmeRefusal.malformed("csr: missing"));
        SigningRequest wanted = SigningRequest.parse(Jws.decodeBytes(csr, "csr"), options.trustsSignatures);
        return door.within(its -> finish(its, request, id, wanted));
    }

    private AcmeReply finish(AcmeState state, SignedRequest request, String id, SigningRequest wanted)
            throws AcmeRefusal {
        Order order = state.order(id, request.account());
        Order.Status status = order.status(options.clock.instant());
        if (status != Order.Status.READY) {
            throw AcmeRefusal.because(
                    ProblemType.ORDER_NOT_READY, "order is " + status.toString().toLowerCase(Locale.ROOT));
        }
        if (!wanted.names().equals(new TreeSet<>(order.names()))) {
            throw SigningRequest.refused("asks for " + wanted.names() + " (expected: " + order.names() + ")");
        }
        if (wanted.key().equals(request.account().key().publicKey())) {
            // https://datatracker.ietf.org/doc/html/rfc8555#section-11.1
            throw SigningRequest.refused("its key is that of the account");
        }
        order.process();
        Optional<Fault.OnOrder> fault = options.faults.first(AcmeRequest.FINALIZE, Fault.OnOrder.class);
        if (fault.orElse(null) instanceof Fault.FailOrder failure) {
            order.fail(failure.problem());
        } else if (fault.orElse(null) instanceof Fault.Stick stick) {
            order.stick(stick.polls(), () -> door.change(its -> sign(its, order, wanted)));
        } else if (options.finalization == Finalization.LATER) {
            options.executor.execute(() -> door.change(its -> sign(its, order, wanted)));
        } else {
            sign(state, order, wanted);
        }
        return reply(200, order);
    }

    private void sign(AcmeState state, Order order, SigningRequest wanted) {
        List<Problem> forbidden = order.names().stream()
                .flatMap(name -> options.caa.apply(name).map(why -> Problem.about(name, ProblemType.CAA, why)).stream())
                .toList();
        if (!forbidden.isEmpty()) {
            order.fail(new Problem(ProblemType.CAA, forbidden.get(0).detail(), null, forbidden));
            return;
        }
        try {
            issue(state, order, wanted);
        } catch (IOException | RuntimeException e) {
            LOG.error("internal ca: {}: not signed", order.names(), e);
            order.fail(Problem.of(ProblemType.SERVER_INTERNAL, "signing failed: " + e.getMessage()));
        }
    }

    private void issue(AcmeState state, Order order, SigningRequest wanted) throws IOException {
        AcmeProfile profile = order.profile() == null ? null : options.profiles.get(order.profile());
        InternalCa.Issuance issuance = profile == null
                ? ca.issue(wanted.key(), order.names(), options.certificateValidity, ca.backdate())
                : ca.issue(wanted.key(), order.names(), profile.life().minus(profile.backdate()), profile.backdate());
        String id = tokens.next();
        Instant now = options.clock.instant();
        X509Certificate leaf = issuance.chain().get(0);
        state.add(
                id,
                new AcmeState.Issued(order.accountId(), order.names(), issuance),
                new AcmeIssuance(
                        leaf.getSerialNumber(),
                        order.names(),
                        urls.account(order.accountId()),
                        now,
                        leaf.getNotAfter().toInstant(),
                        order.profile(),
                        order.replaces()));
        state.meter().issued(order.names(), order.replaces() != null, now);
        order.succeed(id);
    }

    AcmeReply reply(int status, Order order) {
        Instant now = options.clock.instant();
        AcmeReply reply = AcmeReply.json(status, order.json(urls, now)).with("Location", urls.order(order));
        return order.isMoving(now) ? reply.later(options.retryAfter) : reply;
    }
}
