package dev.postern.config;

import com.google.common.net.InternetDomainName;
import java.net.InetAddress;
import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which names a public CA may certify, and which only one of our own. */
public final class PublicNames {
    /**
     * Reserved by <a href="https://datatracker.ietf.org/doc/html/rfc6761">RFC 6761</a>,
     * <a href="https://datatracker.ietf.org/doc/html/rfc6762">RFC 6762</a>,
     * <a href="https://datatracker.ietf.org/doc/html/rfc8375">RFC 8375</a>,
     * <a href="https://datatracker.ietf.org/doc/html/rfc7686">RFC 7686</a> and ICANN (internal).
     */
    private static final List<String> RESERVED =
            List.of(".localhost", ".local", ".test", ".invalid", ".internal", ".home.arpa", ".onion");

    /**
     * Never delegated, since so many use them for themselves
     * (<a href="https://datatracker.ietf.org/doc/html/rfc6762#appendix-G">RFC 6762, appendix G</a>, and what ICANN calls
     * name collisions). Any other top-level domain may exist tomorrow.
     */
    private static final Set<String> PRIVATE =
            Set.of("lan", "home", "corp", "mail", "intranet", "private", "localdomain");

    /** What Let's Encrypt takes, and others no more than. */
    private static final int MOST_LABELS = 10;

    private static final String A_LABEL = "xn--";

    private PublicNames() {}

    /** False for names that no public CA may certify. */
    static boolean mayBePublic(String name) {
        return refusal(name) == null;
    }

    /**
     * Why no public CA certifies the name: it is reserved, has one label, is an address that anybody may use, is what
     * registries sell names under, or is no name by the rules of these CAs; null where one may.
     */
    public static @Nullable String refusal(String name) {
        InetAddress address = Addresses.literal(name);
        if (address != null) {
            return PublicAddresses.contain(address) ? null : "is a private or reserved address";
        }
        String bare = name.startsWith("*.") ? name.substring(2) : name;
        String top = bare.substring(bare.lastIndexOf('.') + 1);
        if (!bare.contains(".") || PRIVATE.contains(top) || RESERVED.stream().anyMatch(("." + bare)::endsWith)) {
            return "is a private name";
        }
        // The ICANN part of https://publicsuffix.org/; names under github.io and the like are sold by nobody.
        if (InternetDomainName.isValid(bare) && InternetDomainName.from(bare).isRegistrySuffix()) {
            return "is a public suffix";
        }
        String[] labels = bare.split("\\.", -1);
        if (labels.length > MOST_LABELS) {
            return "has more than " + MOST_LABELS + " labels";
        }
        for (String label : labels) {
            String refusal = label.startsWith("--", 2) ? refusalOfReserved(label) : null;
            if (refusal != null) {
                return refusal;
            }
        }
        return null;
    }

    /** Hyphens in the third and fourth place are kept for A-labels (RFC 5890 §2.3.1), which have to stand for something. */
    private static @Nullable String refusalOfReserved(String label) {
        if (!label.startsWith(A_LABEL)) {
            return "has two hyphens in the third place of \"" + label + "\"";
        }
        try {
            String shown = Punycode.decode(label.substring(A_LABEL.length()));
            boolean same = (A_LABEL + Punycode.encode(shown)).equals(label);
            boolean ascii = shown.chars().allMatch(c -> c < 0x80);
            boolean visible = shown.codePoints().noneMatch(Character::isISOControl);
            if (same && !ascii && visible && Normalizer.isNormalized(shown, Form.NFC)) {
                return null;
            }
        } catch (NotUnderstood e) {
            // No punycode at all.
        }
        return "has the invalid A-label \"" + label + "\"";
    }
}
