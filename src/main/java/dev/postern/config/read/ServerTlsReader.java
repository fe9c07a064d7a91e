package dev.postern.config.read;

import dev.postern.config.HostName;
import dev.postern.config.KeptFile;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import dev.postern.config.ServerTls;
import dev.postern.config.Spelling;
import dev.postern.config.TlsVersion;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads {@code tls} of a backend. */
final class ServerTlsReader {
    static final List<String> KEYS = List.of("ca-file", "server-name", "pin", "verify", "min-version", "certificate");

    private static final String PIN = "sha256/ and the SHA-256 of a public key in Base64";
    private static final int SHA_256_BYTES = 32;
    private static final int BASE64_CHARACTERS = 44;

    private static final Scalar<TlsVersion> VERSION = Scalar.oneOf(List.of(TlsVersion.values()), TlsVersion::text);
    private static final Scalar<Boolean> VERIFY = Scalar.oneOf(Map.of("on", true, "off", false), "on or off");
    private static final Scalar<String> PINNED = new Scalar<String>(PIN, ServerTlsReader::pin)
            .spelled(Spelling.form("sha256/.*", base64 -> "sha256/" + base64));
    private static final Scalar<String> NAME =
            new Scalar<>("the name in the certificate, such as app.internal", HostName::server);

    private ServerTlsReader() {}

    static ServerTls read(Section tls) {
        KeptFile caFile = tls.find("ca-file", FilePath.KEPT_CERTIFICATES);
        List<String> pins = pins(tls.find("pin"));
        boolean verify = tls.get("verify", VERIFY, true);
        if (!verify) {
            for (String key : List.of("ca-file", "pin")) {
                if (tls.has(key)) {
                    tls.place(key)
                            .problem("nothing is verified with verify: off (expected: no " + key
                                    + ", or no verify: off)");
                }
            }
        }
        return new ServerTls(
                caFile,
                tls.find("server-name", NAME),
                pins,
                verify,
                tls.get("min-version", VERSION, TlsVersion.TLS_1_2),
                tls.has("certificate") ? shown(tls.section("certificate", List.of("chain", "key"))) : null);
    }

    private static List<String> pins(@Nullable Value list) {
        List<String> pins = new ArrayList<>();
        if (list != null) {
            for (Value item : list.itemsOrOne("a list such as [sha256/…]")) {
                String pin = item.read(PINNED);
                if (pin != null) {
                    pins.add(pin);
                }
            }
        }
        return List.copyOf(pins);
    }

    private static String pin(String text) throws NotUnderstood {
        if (!text.startsWith("sha256/")) {
            throw new NotUnderstood("does not begin with sha256/");
        }
        String rest = text.substring("sha256/".length());
        // As curl has it, with another slash; one may as well be the first of the Base64.
        String base64 = rest.length() > BASE64_CHARACTERS && rest.startsWith("/") ? rest.substring(1) : rest;
        try {
            if (Base64.getDecoder().decode(base64).length != SHA_256_BYTES) {
                throw new NotUnderstood("is not as long as a SHA-256");
            }
        } catch (IllegalArgumentException e) {
            throw new NotUnderstood("is not Base64");
        }
        return base64;
    }

    private static ServerTls.@Nullable Shown shown(Section certificate) {
        KeptFile chain = certificate.require("chain", FilePath.KEPT);
        KeptFile key = certificate.require("key", FilePath.KEPT);
        return chain == null || key == null ? null : new ServerTls.Shown(chain, key);
    }
}
