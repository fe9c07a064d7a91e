package dev.postern.pki;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The path from a certificate up to, and without, its root, built from what somebody sent or brought: certificates that
 * are given twice, in another order, or belong to another chain, are told by their signatures and not by their places
 * (<a href="https://datatracker.ietf.org/doc/html/rfc8446#section-4.4.2">RFC 8446 §4.4.2</a>: order and extra ones vary).
 */
public final class Chains {
    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final String ANY_USE = "2.5.29.37.0";

    private Chains() {}

    /** As {@link #path(X509Certificate, List)} from the certificate of this key; as it was found where there is none. */
    public static List<X509Certificate> path(PrivateKey key, List<X509Certificate> found) {
        return leaf(key, found).map(leaf -> path(leaf, found)).orElse(found);
    }

    /** The certificate of this key. */
    public static Optional<X509Certificate> leaf(PrivateKey key, List<X509Certificate> found) {
        return found.stream().filter(one -> Keys.fit(key, one.getPublicKey())).findFirst();
    }

    /** From {@code leaf} on, each signed by the next, as far as {@code found} leads; without the root. */
    public static List<X509Certificate> path(X509Certificate leaf, List<X509Certificate> found) {
        List<X509Certificate> path = new ArrayList<>();
        path.add(leaf);
        Optional<X509Certificate> next = signer(leaf, found, path);
        while (next.isPresent()) {
            path.add(next.get());
            next = signer(next.get(), found, path);
        }
        return List.copyOf(path);
    }

    private static Optional<X509Certificate> signer(
            X509Certificate signed, List<X509Certificate> found, List<X509Certificate> path) {
        return found.stream()
                .filter(one -> !isRoot(one) && !path.contains(one) && hasSigned(one, signed))
                .findFirst();
    }

    /** The same, where its last one is a root that nobody needs to be sent. */
    public static List<X509Certificate> withoutRoot(List<X509Certificate> chain) {
        int last = chain.size() - 1;
        return last > 0 && isRoot(chain.get(last)) ? List.copyOf(chain.subList(0, last)) : chain;
    }

    private static boolean isRoot(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
    }

    /** Whether {@code signed} says that it was signed by {@code signer}, by its name and by its key; false where it names no key. */
    static boolean namesSigner(X509Certificate signed, X509Certificate signer) {
        byte[] named = KeyIdentifiers.ofSigner(signed);
        return named.length > 0
                && Arrays.equals(named, KeyIdentifiers.of(signer))
                && signed.getIssuerX500Principal().equals(signer.getSubjectX500Principal());
    }

    private static boolean hasSigned(X509Certificate signer, X509Certificate signed) {
        try {
            if (!signed.getIssuerX500Principal().equals(signer.getSubjectX500Principal())) {
                return false;
            }
            signed.verify(signer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /**
     * What clients may not like about a chain that is served all the same; null where there is nothing.
     *
     * @param alone whether the path from it, as {@link #path} made it, has no other
     * @param found what that was made from
     */
    public static @Nullable String doubt(X509Certificate leaf, boolean alone, List<X509Certificate> found) {
        if (!isForServers(leaf)) {
            return "is not for servers: its extended key usage has no serverAuth; browsers refuse it";
        }
        // To look whether it was signed by what is beside it takes longer than all the rest: only where it matters.
        return alone && !isRoot(leaf) && found.stream().noneMatch(one -> isRoot(one) && hasSigned(one, leaf))
                ? "comes without the certificate of its issuer, \"" + leaf.getIssuerX500Principal()
                        + "\"; clients that do not know that one refuse it"
                : null;
    }

    private static boolean isForServers(X509Certificate leaf) {
        try {
            List<String> uses = leaf.getExtendedKeyUsage();
            return uses == null || uses.contains(SERVER_AUTH) || uses.contains(ANY_USE);
        } catch (CertificateParsingException e) {
            return true;
        }
    }
}
