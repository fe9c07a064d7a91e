package dev.postern.config.read;

import dev.postern.config.Acme;
import dev.postern.config.Issuer;
import dev.postern.config.KeyType;
import dev.postern.config.Scalar;
import java.nio.file.Path;
import java.util.List;

/** Reads {@code acme}, but for what is the default of {@code sites}: that is read by {@link ProofReader}. */
final class AcmeReader {
    static final List<String> KEYS =
            List.of("email", "agree-to-terms", "issuers", "challenges", "dns-01", "key-type", "store");

    private static final Scalar<KeyType> KEY_TYPE = Scalar.oneOf(List.of(KeyType.values()), KeyType::text);

    /** What of it was read, and whether the issuers were all understood: else conclusions from them would mislead. */
    record Outcome(Acme acme, boolean issuersUnderstood) {}

    private AcmeReader() {}

    /** @param otherwise the store where none is named */
    static Outcome read(Section acme, Section control, Path otherwise, Problems problems) {
        int before = problems.count();
        List<Issuer> issuers = IssuersReader.read(acme.find("issuers"));
        boolean issuersUnderstood = problems.count() == before;
        Path store = acme.get("store", FilePath.SCALAR, otherwise);
        Acme read = new Acme(
                acme.find("email", EmailAddress.SCALAR),
                acme.get("agree-to-terms", Scalar.BOOLEAN, false),
                issuers,
                acme.get("key-type", KEY_TYPE, KeyType.EC_P256),
                store,
                ControlReader.socket(control, store));
        return new Outcome(read, issuersUnderstood);
    }
}
