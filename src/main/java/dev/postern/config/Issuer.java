package dev.postern.config;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A CA. {@link #name} is also the name of its folder under {@code certs/accounts/}. */
public sealed interface Issuer extends Listed {
    String name();

    @Override
    default String label() {
        return name();
    }

    /**
     * A CA reached over ACME.
     *
     * @param eab what binds our account to one that we have there already; null where there is no need
     * @param profile what kind of certificate is asked for; null for the CA's own choice
     * @param preferredChain common name of the topmost issuer in the chain that is preferred; null for the CA's choice
     * @param staging the directory of the same CA for trying things out; null where it has none
     * @param limits which published rate limits are kept to
     * @param profileRequired whether no certificate is better than one of another profile
     */
    record AcmeDirectory(
            String name,
            URI directory,
            @Nullable Path caFile,
            @Nullable ExternalAccount eab,
            @Nullable String profile,
            @Nullable String preferredChain,
            @Nullable URI staging,
            RateLimits limits,
            boolean profileRequired)
            implements Issuer {
        /** <a href="https://letsencrypt.org/docs/profiles/">Let's Encrypt's</a>, the only one of its that takes them. */
        public static final String PROFILE_OF_ADDRESSES = "shortlived";

        public AcmeDirectory(String name, URI directory, @Nullable Path caFile) {
            this(name, directory, caFile, null, null, null, null, RateLimits.NONE);
        }

        /** Where the CA's own choice is as good as the profile. */
        public AcmeDirectory(
                String name,
                URI directory,
                @Nullable Path caFile,
                @Nullable ExternalAccount eab,
                @Nullable String profile,
                @Nullable String preferredChain,
                @Nullable URI staging,
                RateLimits limits) {
            this(name, directory, caFile, eab, profile, preferredChain, staging, limits, false);
        }

        /**
         * The profile of a certificate for these names; null for the CA's own choice. Where the operator left that to
         * the CA, its choice is none for addresses: Let's Encrypt, and whoever calls it the same, certifies them for
         * some days only.
         */
        public @Nullable String profileFor(List<String> names) {
            return profile == null && names.stream().anyMatch(Addresses::isAddress) ? PROFILE_OF_ADDRESSES : profile;
        }

        /** The name must be provable; what the internet does not know cannot be certified by a public CA. */
        public boolean mayCertify(String serverName, List<ChallengeType> challenges) {
            return ChallengeType.canProve(serverName, challenges)
                    && (!PublicCas.isPublic(directory) || PublicNames.mayBePublic(serverName));
        }
    }

    /** The CA inside this process, for names that no public CA may certify. */
    record Internal() implements Issuer {
        @Override
        public String name() {
            return "internal";
        }
    }
}
