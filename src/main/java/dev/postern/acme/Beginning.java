package dev.postern.acme;

import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.config.Addresses;
import dev.postern.config.Issuer.AcmeDirectory;
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
    private final @Nullable String wantedProfile;
    private final boolean profileOfOperator;
    private final boolean profileRequired;
    private boolean profileRefused;
    private boolean replacingRefused;

    Beginning(
            AcmeDirectory issuer,
            Login login,
            CertificateRequest request,
            OrderJournal journal,
            Conversation conversation) {
        this.issuer = issuer.name();
        this.login = login;
        this.request = request;
        this.journal = journal;
        this.conversation = conversation;
        this.wantedProfile = issuer.profileFor(request.names());
        this.profileOfOperator = issuer.profile() != null;
        this.profileRequired = issuer.profileRequired();
    }

    String account() {
        return login.getAccountLocation().toString();
    }

    /** In the journal before this returns. */
    Order begin() throws IssueFailure, AcmeException, IOException {
        checkProfile();
        try {
            return beginWithProfile();
        } catch (AcmeServerException e) {
            String profile = profile();
            boolean ofName =
                    Failures.is(e, Refusal.REJECTED_IDENTIFIER) || Failures.is(e, Refusal.UNSUPPORTED_IDENTIFIER);
            if (profile == null
                    || profile.equals(AcmeDirectory.PROFILE_OF_ADDRESSES)
                    || !ofName
                    || request.names().stream().noneMatch(Addresses::isAddress)
                    || !isOffered(AcmeDirectory.PROFILE_OF_ADDRESSES)) {
                throw e;
            }
            Failures failures = conversation.failures();
            throw failures.of(issuer, e)
                    .holding(failures.hold(e))
                    .adding("acme.issuers asks for profile \"" + profile + "\", and CAs may certify addresses with \""
                            + AcmeDirectory.PROFILE_OF_ADDRESSES + "\" only");
        }
    }

    private Order beginWithProfile() throws AcmeException, IOException {
        String replaced = replaced();
        Order order;
        try {
            order = createForProfile(replaced);
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
            order = createForProfile(null);
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

    /** The profile of an order that is made now; null for the CA's own choice. */
    @Nullable String profile() throws AcmeException {
        return wantedProfile == null || profileRefused || (!profileRequired && !isOffered(wantedProfile))
                ? null
                : wantedProfile;
    }

    private Order createForProfile(@Nullable String replaced) throws AcmeException {
        String profile = profile();
        try {
            return create(replaced, profile);
        } catch (AcmeServerException e) {
            if (profile == null || profileRequired || !Failures.is(e, Refusal.INVALID_PROFILE)) {
                throw e;
            }
            profileRefused = true;
            LOG.warn(
                    "{}: {}: the CA does not take profile \"{}\": {}; ordered with its default",
                    request.site(),
                    issuer,
                    profile,
                    Failures.brief(e.getMessage()));
            return create(replaced, null);
        }
    }

    private Order create(@Nullable String replaced, @Nullable String profile) throws AcmeException {
        OrderBuilder builder = login.newOrder()
                .identifiers(request.names().stream().map(Identifiers::of).toList());
        if (profile != null) {
            builder.profile(profile);
        }
        if (replaced != null) {
            builder.replaces(replaced);
        }
        return builder.create();
    }

    private boolean isOffered(String profile) throws AcmeException {
        Metadata metadata = login.getSession().getMetadata();
        return metadata.isProfileAllowed() && metadata.isProfileAllowed(profile);
    }

    /** A CA may withdraw a profile; a certificate of another kind is better than none, unless the operator said otherwise. */
    private void checkProfile() throws AcmeException, IssueFailure {
        if (wantedProfile == null || !profileOfOperator || isOffered(wantedProfile)) {
            return;
        }
        Metadata metadata = login.getSession().getMetadata();
        Set<String> offered = metadata.isProfileAllowed() ? metadata.getProfiles() : Set.of();
        String missing = issuer + ": profile \"" + wantedProfile + "\" is not offered by the CA ("
                + (offered.isEmpty()
                        ? "it has no profiles"
                        : "offered: "
                                + String.join(", ", offered.stream().sorted().toList()))
                + "); ";
        if (profileRequired) {
            throw new IssueFailure(
                    Fault.OURS, missing + "nothing is ordered until acme.issuers names one that is", null);
        }
        LOG.warn(
                "{}: {}ordered with its default (require: true of the profile would rather have none)",
                request.site(),
                missing);
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
