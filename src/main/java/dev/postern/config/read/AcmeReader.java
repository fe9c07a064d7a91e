package dev.postern.config.read;

import dev.postern.config.Acme;
import dev.postern.config.Issuer;
import dev.postern.config.KeyType;
import dev.postern.config.Scalar;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads {@code acme}, but for what is the default of {@code sites}: that is read by {@link ProofReader}. */
final class AcmeReader {
    static final List<String> KEYS =
            List.of("email", "agree-to-terms", "issuers", "challenges", "dns-01", "key-type", "store");

    private static final Scalar<KeyType> KEY_TYPE = Scalar.oneOf(List.of(KeyType.values()), KeyType::text);

    /** What of it was read, and whether the issuers were all understood: else conclusions from them would mislead. */
    record Outcome(Acme acme, boolean issuersUnderstood) {}

    private AcmeReader() {}

    /** One, or one of each kind. */
    private static List<KeyType> keyTypes(@Nullable Value value) {
        List<KeyType> types = new ArrayList<>();
        if (value != null) {
            for (Value item : value.itemsOrOne("a type such as ec-p256, or a list such as [ec-p256, rsa-2048]")) {
                KeyType type = item.read(KEY_TYPE);
                KeyType same = type == null
                        ? null
                        : types.stream()
                                .filter(one -> one.isRsa() == type.isRsa())
                                .findFirst()
                                .orElse(null);
                if (type != null && same != null) {
                    item.problem(type.text() + " is for the same clients as " + same.text()
                            + " (expected: one of ec-…, one of rsa-…)");
                } else if (type != null) {
                    types.add(type);
                }
            }
        }
        return types.isEmpty() ? List.of(KeyType.EC_P256) : types;
    }

    /** @param otherwise the store where none is named */
    static Outcome read(Section acme, Section control, Path otherwise, Problems problems) {
        int before = problems.count();
        List<Issuer> issuers = IssuersReader.read(acme.find("issuers", List.of(IssuersReader.LETSENCRYPT.name())));
        boolean issuersUnderstood = problems.count() == before;
        Path store = acme.get("store", FilePath.SCALAR, otherwise);
        List<KeyType> keyTypes = keyTypes(acme.find("key-type", List.of(KeyType.EC_P256.text())));
        Acme read = new Acme(
                acme.find("email", EmailAddress.SCALAR),
                acme.get("agree-to-terms", Scalar.BOOLEAN, false),
                issuers,
                keyTypes.get(0),
                keyTypes.size() < 2 ? null : keyTypes.get(1),
                store,
                ControlReader.socket(control, store));
        return new Outcome(read, issuersUnderstood);
    }
}
