package dev.postern.config;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who certifies the sites, and where what they certified is kept.
 *
 * @param email null only where no site gets its certificate over ACME
 * @param keyType of the certificate that each site has
 * @param secondKeyType of another one that each site has beside it; null where one is enough
 * @param controlSocket where the running daemon takes commands
 */
public record Acme(
        @Nullable String email,
        boolean agreeToTerms,
        List<Issuer> issuers,
        KeyType keyType,
        @InFile(key = "key-type") @Nullable KeyType secondKeyType,
        Path store,
        Path controlSocket) {
    /** One certificate for each site. */
    public Acme(
            @Nullable String email,
            boolean agreeToTerms,
            List<Issuer> issuers,
            KeyType keyType,
            Path store,
            Path controlSocket) {
        this(email, agreeToTerms, issuers, keyType, null, store, controlSocket);
    }

    /** Those of the issuers that may certify every name of the site, in their order; none where none is asked. */
    public List<Issuer> issuersFor(Site site) {
        return !site.isIssued()
                ? List.of()
                : issuers.stream()
                        .filter(issuer ->
                                site.names().stream().allMatch(name -> mayCertify(issuer, name, site.challenges())))
                        .toList();
    }

    /**
     * Whether {@code issuer}, one of these, may certify the name. Beside another CA the internal one is for the names which that
     * CA cannot certify: a public site that cannot get its certificate for an hour must not get one for a week that
     * nobody trusts.
     */
    public boolean mayCertify(Issuer issuer, String name, List<ChallengeType> challenges) {
        if (issuer instanceof Issuer.AcmeDirectory acme) {
            return acme.mayCertify(name, challenges);
        }
        return issuers.size() == 1 || !ChallengeType.canProve(name, challenges) || !PublicNames.mayBePublic(name);
    }
}
