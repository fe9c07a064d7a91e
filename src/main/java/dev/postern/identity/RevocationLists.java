package dev.postern.identity;

import java.security.GeneralSecurityException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.jspecify.annotations.Nullable;

/**
 * Lists of certificates that were taken back (<a href="https://datatracker.ietf.org/doc/html/rfc5280#section-5">RFC 5280
 * §5</a>): full ones of the issuer itself. One that says of itself that it is less, or another's, counts for nothing. Immutable.
 */
final class RevocationLists {
    private static final String DISTRIBUTION_POINTS = "2.5.29.31";
    private static final String ISSUING_DISTRIBUTION_POINT = "2.5.29.28";
    private static final String DELTA = "2.5.29.27";
    /** Which CRL number, and whose key: what says nothing about what is in it. */
    private static final Set<String> UNDERSTOOD = Set.of(ISSUING_DISTRIBUTION_POINT, "2.5.29.20", "2.5.29.35");

    private static final int SIGNS_LISTS = 6;

    private final List<X509CRL> lists;

    RevocationLists(List<X509CRL> lists) {
        this.lists = List.copyOf(lists);
    }

    /**
     * What they say of one certificate.
     *
     * @param fault null where it was not taken back
     * @param until when a newer list is due
     */
    record Say(@Nullable ClientFault fault, Instant until) {}

    /** @param issuer whose key has signed {@code certificate} */
    Say of(X509Certificate certificate, X509Certificate issuer, Instant now) {
        Instant until = Instant.MIN;
        boolean expired = false;
        for (X509CRL list : lists) {
            if (!covers(list, certificate, issuer)) {
                continue;
            }
            if (list.getRevokedCertificate(certificate.getSerialNumber()) != null) {
                return new Say(ClientFault.REVOKED, Instant.MAX);
            }
            if (list.getThisUpdate().toInstant().isAfter(now)) {
                continue;
            }
            Instant ends = ends(list);
            expired |= !now.isBefore(ends);
            until = ends.isAfter(until) ? ends : until;
        }
        if (now.isBefore(until)) {
            return new Say(null, until);
        }
        return new Say(expired ? ClientFault.CRL_EXPIRED : ClientFault.CRL_MISSING, Instant.MAX);
    }

    /** Never, where it does not say. */
    static Instant ends(X509CRL list) {
        return list.getNextUpdate() == null ? Instant.MAX : list.getNextUpdate().toInstant();
    }

    private static boolean covers(X509CRL list, X509Certificate certificate, X509Certificate issuer) {
        if (!list.getIssuerX500Principal().equals(certificate.getIssuerX500Principal())
                || !signsLists(issuer)
                || list.getExtensionValue(DELTA) != null
                || !understood(list)) {
            return false;
        }
        try {
            // Remembered by the list: for all who come after this one it costs nothing.
            list.verify(issuer.getPublicKey());
            return isFor(list, certificate);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean signsLists(X509Certificate issuer) {
        boolean[] usage = issuer.getKeyUsage();
        return usage == null || usage[SIGNS_LISTS];
    }

    private static boolean understood(X509CRL list) {
        Set<String> critical = list.getCriticalExtensionOIDs();
        return critical == null || UNDERSTOOD.containsAll(critical);
    }

    /** Whether it is about such certificates: RFC 5280 section 5.2.5. */
    private static boolean isFor(X509CRL list, X509Certificate certificate) {
        byte[] value = list.getExtensionValue(ISSUING_DISTRIBUTION_POINT);
        if (value == null) {
            return true;
        }
        IssuingDistributionPoint point = IssuingDistributionPoint.getInstance(inside(value));
        boolean ca = certificate.getBasicConstraints() >= 0;
        return !point.isIndirectCRL()
                && !point.onlyContainsAttributeCerts()
                && point.getOnlySomeReasons() == null
                && !(point.onlyContainsUserCerts() && ca)
                && !(point.onlyContainsCACerts() && !ca)
                && (point.getDistributionPoint() == null
                        || names(point.getDistributionPoint()).stream().anyMatch(pointsOf(certificate)::contains));
    }

    private static List<GeneralName> pointsOf(X509Certificate certificate) {
        byte[] value = certificate.getExtensionValue(DISTRIBUTION_POINTS);
        List<GeneralName> names = new ArrayList<>();
        if (value != null) {
            for (DistributionPoint point :
                    CRLDistPoint.getInstance(inside(value)).getDistributionPoints()) {
                if (point.getDistributionPoint() != null) {
                    names.addAll(names(point.getDistributionPoint()));
                }
            }
        }
        return names;
    }

    private static List<GeneralName> names(DistributionPointName name) {
        return name.getType() == DistributionPointName.FULL_NAME
                ? Arrays.asList(GeneralNames.getInstance(name.getName()).getNames())
                : List.of();
    }

    private static byte[] inside(byte[] extension) {
        return ASN1OctetString.getInstance(extension).getOctets();
    }
}
