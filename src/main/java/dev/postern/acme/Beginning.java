package dev.postern.acme;

import dev.postern.certificate.CertificateRequest;
import dev.postern.certificate.IssueFailure;
import dev.postern.certificate.IssueFailure.Fault;
import dev.postern.certificate.OrderEntry;
import dev.postern.certificate.OrderJournal;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Metadata;
import org.shredzone.acme4j.Order;
import org.shredzone.acme4j.OrderBuilder;
import org.shredzone.acme4j.connector.Resource;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeProtocolException;
import org.shredzone.acme4j.exception.AcmeServerException;
import org.shredzone.acme4j.toolbox.AcmeUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes a new order, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.4">RFC 8555 §7.4</a>. */
final class Beginning {
    private static final Logger LOG = LoggerFactory.getLogger(Beginning.class);

    private final String issuer;
    private final Login login;
    private final CertificateRequest request;
    private final OrderJournal journal;
    private final Conversation conversation;
    private final @Nullable String profile;
    private boolean replacingRefused;

    Beginning(
            String issuer,
            Login login,
            CertificateRequest request,
            OrderJournal journal,
            Conversation conversation,
            @Nullable String profile) {
        this.issuer = issuer;
        this.login = login;
        this.request = request;
        this.journal = journal;
        this.conversation = conversation;
        this.profile = profile;
    }

    String account() {
        return login.getAccountLocation().toString();
    }

    /** In the journal before this returns. */
    Order begin() throws IssueFailure, AcmeException, IOException {
        checkProfile();
        String replaced = replaced();
        Order order;
        try {
            order = create(replaced);
        } catch (AcmeServerException e) {
            if (replaced == null || !mayBeOfReplacing(e)) {
                throw e;
            }
            // Whoever keeps insisting on it never gets a certificate again: the CA may believe it replaced already, or
            // ordered by another account.
            LOG.info(
                    "{}: the CA does not take the order as a replacement: {}; ordered without",
                    request.site(),
                    Failures.brief(e.getMessage()));
            replacingRefused = true;
            replaced = null;
            order = create(null);
        }
        String serial = replaced == null || request.replaces() == null
                ? null
                : request.replaces().leaf().getSerialNumber().toString(16);
        journal.write(new OrderEntry(
                issuer, account(), request.names(), order.getLocation().toString(), null, serial));
        LOG.debug("{}: order {}", request.site(), order.getLocation());
        return order;
    }

    /** The CA took an order as a replacement and thought better of it. */
    void doNotReplace() {
        replacingRefused = true;
    }

    boolean mayReplace() {
        return !replacingRefused;
    }

    private Order create(@Nullable String replaced) throws AcmeException {
        OrderBuilder builder = login.newOrder().domains(request.names());
        if (profile != null) {
            builder.profile(profile);
        }
        if (replaced != null) {
            builder.replaces(replaced);
        }
        return builder.create();
    }

    private void checkProfile() throws AcmeException, IssueFailure {
        Metadata metadata = login.getSession().getMetadata();
        if (profile == null || (metadata.isProfileAllowed() && metadata.isProfileAllowed(profile))) {
            return;
        }
        Set<String> offered = metadata.isProfileAllowed() ? metadata.getProfiles() : Set.of();
        throw new IssueFailure(
                Fault.OURS,
                issuer + ": profile \"" + profile + "\" is not offered by the CA ("
                        + (offered.isEmpty()
                                ? "it has no profiles"
                                : "offered: "
                                        + String.join(
                                                ", ", offered.stream().sorted().toList()))
                        + "); nothing is ordered until acme.issuers names one that is",
                null);
    }

    /** The id of the certificate that the order replaces; null where there is none, or the CA cannot be told. */
    private @Nullable String replaced() throws AcmeException {
        CertificateRequest.Replaced replaces = request.replaces();
        if (replaces == null
                || replacingRefused
                || !replaces.account().equals(account())
                || login.getSession().resourceUrlOptional(Resource.RENEWAL_INFO).isEmpty()) {
            return null;
        }
        try {
            return AcmeUtils.getRenewalUniqueIdentifier(replaces.leaf());
        } catch (AcmeProtocolException e) {
            LOG.debug("{}: a certificate without an authority key id has no id", request.site(), e);
            return null;
        }
    }

    private boolean mayBeOfReplacing(AcmeServerException refusal) {
        return isOfReplacing(refusal)
                || Failures.is(refusal, Refusal.MALFORMED)
                || Failures.is(refusal, Refusal.UNAUTHORIZED);
    }

    /** What the CA says of an order that replaces a certificate, and of no other. */
    boolean isOfReplacing(Throwable refusal) {
        return Failures.is(refusal, Refusal.ALREADY_REPLACED)
                || Failures.is(refusal, Refusal.CONFLICT)
                || (Failures.cause(refusal) instanceof AcmeServerException
                        && conversation.http().lastStatus() == 409);
    }
}
