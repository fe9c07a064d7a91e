package dev.postern.config.read;

import dev.postern.config.NotUnderstood;
import dev.postern.config.Quoted;
import dev.postern.config.Scalar;
import dev.postern.config.Spelling;
import dev.postern.config.Tls;
import dev.postern.config.TlsCipher;
import dev.postern.config.TlsGroup;
import dev.postern.config.TlsProfile;
import dev.postern.config.TlsVersion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads {@code tls}. */
final class TlsReader {
    static final List<String> KEYS = List.of("min-version", "profile", "ciphers", "groups");

    private static final Scalar<TlsVersion> VERSION = Scalar.oneOf(List.of(TlsVersion.values()), TlsVersion::text);
    private static final Scalar<TlsProfile> PROFILE =
            Scalar.oneOf(List.of(TlsProfile.values()), profile -> profile.name().toLowerCase(Locale.ROOT));

    private static final String SUITES = "a list of suites of TLS 1.2 such as [ECDHE-ECDSA-AES128-GCM-SHA256]";
    private static final Scalar<TlsCipher> CIPHER = new Scalar<TlsCipher>(
                    "one of " + names(TlsCipher.values(), TlsCipher::text), TlsReader::cipher)
            .spelled(spelling(TlsCipher.values(), TlsCipher::text));
    private static final Scalar<TlsGroup> GROUP = new Scalar<TlsGroup>(
                    "one of " + names(TlsGroup.values(), TlsGroup::text), TlsReader::group)
            .spelled(spelling(TlsGroup.values(), TlsGroup::text));

    private TlsReader() {}

    private static <T> String names(T[] values, Function<T, String> text) {
        return Arrays.stream(values).map(text).collect(Collectors.joining(", "));
    }

    /** Those and others: IANA and the library have names of their own, in letters of any size. */
    private static <T> Spelling<T> spelling(T[] values, Function<T, @Nullable String> text) {
        Spelling<T> spelling = Spelling.form(Spelling.ANY, text);
        for (T value : values) {
            spelling = spelling.or(String.valueOf(text.apply(value)), value);
        }
        return spelling;
    }

    private static TlsCipher cipher(String text) throws NotUnderstood {
        for (TlsCipher cipher : TlsCipher.values()) {
            if (text.equalsIgnoreCase(cipher.text()) || text.equals(cipher.registered())) {
                return cipher;
            }
        }
        if (text.matches("TLS_(AES|CHACHA20)_.*")) {
            throw new NotUnderstood("is of TLS 1.3, whose suites are all spoken");
        }
        throw new NotUnderstood(
                text.matches("(?i)(TLS_RSA_|AES|DES|CAMELLIA|RC4).*") ? "has no forward secrecy" : "is not spoken");
    }

    private static TlsGroup group(String text) throws NotUnderstood {
        for (TlsGroup group : TlsGroup.values()) {
            if (text.equalsIgnoreCase(group.text()) || text.equalsIgnoreCase(group.libraryName())) {
                return group;
            }
        }
        if (text.equals("prime256v1")) {
            return TlsGroup.SECP256R1;
        }
        throw new NotUnderstood("is not spoken");
    }

    private static <T> List<T> list(@Nullable Value value, String expected, Scalar<T> kind, List<T> otherwise) {
        if (value == null) {
            return otherwise;
        }
        List<T> list = new ArrayList<>();
        for (Value item : value.items(expected)) {
            T one = item.read(kind);
            if (one != null && list.contains(one)) {
                item.problem("is there twice (expected: each one once)");
            } else if (one != null) {
                list.add(one);
            }
        }
        return List.copyOf(list);
    }

    static Tls read(Section tls) {
        TlsProfile profile = tls.get("profile", PROFILE, TlsProfile.INTERMEDIATE);
        // Mozilla's modern is TLS 1.3 and nothing else.
        TlsVersion least = profile == TlsProfile.MODERN ? TlsVersion.TLS_1_3 : TlsVersion.TLS_1_2;
        TlsVersion minVersion = tls.get("min-version", VERSION, least);
        if (minVersion.compareTo(least) < 0) {
            tls.place("min-version")
                    .problem(Quoted.of(minVersion.text()) + " contradicts profile: modern (expected: " + least.text()
                            + ", or profile: intermediate)");
        }
        if (tls.has("ciphers") && minVersion == TlsVersion.TLS_1_3) {
            tls.place("ciphers")
                    .problem("are of TLS 1.2, which is not spoken (expected: no ciphers, or min-version: TLSv1.2)");
        }
        Value ciphers = minVersion == TlsVersion.TLS_1_3
                ? tls.find("ciphers")
                : tls.find(
                        "ciphers",
                        TlsCipher.INTERMEDIATE.stream().map(TlsCipher::text).toList());
        return new Tls(
                minVersion,
                profile,
                list(ciphers, SUITES, CIPHER, TlsCipher.INTERMEDIATE),
                list(tls.find("groups"), "a list of groups such as [X25519MLKEM768, x25519]", GROUP, List.of()));
    }
}
