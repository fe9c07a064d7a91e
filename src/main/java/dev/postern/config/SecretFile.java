package dev.postern.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Files that hold one secret as text; white space around and inside it means nothing. What they hold is in no message. */
public final class SecretFile {
    private static final int LARGEST_BYTES = 64 << 10;

    private SecretFile() {}

    /**
     * The secret in Base64, <a href="https://datatracker.ietf.org/doc/html/rfc4648#section-4">RFC 4648 §4</a>.
     *
     * @throws IOException with what is wrong, without the name of the file
     */
    public static byte[] base64(Path file) throws IOException {
        String text = text(file);
        if (text.contains("{") && text.contains("secret")) {
            throw new IOException("is a key file of BIND, not the secret alone; its secret is the text in quotes");
        }
        return decode(Base64.getDecoder(), text, "Base64");
    }

    /**
     * The secret in base64url, with or without padding, <a
     * href="https://datatracker.ietf.org/doc/html/rfc4648#section-5">RFC 4648 §5</a>.
     *
     * @throws IOException with what is wrong, without the name of the file
     */
    public static byte[] base64Url(Path file) throws IOException {
        return decode(Base64.getUrlDecoder(), text(file), "base64url");
    }

    /** Whether anybody but the owner may read it; false where the system does not tell. */
    public static boolean isReadableByOthers(Path file) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class, new LinkOption[0]);
        if (view == null) {
            return false;
        }
        Set<PosixFilePermission> permissions = view.readAttributes().permissions();
        return permissions.contains(PosixFilePermission.GROUP_READ)
                || permissions.contains(PosixFilePermission.OTHERS_READ);
    }

    /** Those of {@code config} that others may read too, each once. */
    public static List<Path> open(Configuration config) throws IOException {
        Set<Path> secrets = new LinkedHashSet<>();
        for (Issuer issuer : config.acme().issuers()) {
            if (issuer instanceof Issuer.AcmeDirectory acme && acme.eab() != null) {
                secrets.add(acme.eab().hmacFile());
            }
        }
        for (Site site : config.sites()) {
            if (site.dns01() instanceof Dns01.DynamicUpdate update && update.tsig() != null) {
                secrets.add(update.tsig().secretFile());
            }
        }
        for (Configuration.Backend backend : config.backends().values()) {
            ServerTls tls = backend.tls();
            if (tls != null && tls.certificate() != null) {
                secrets.add(tls.certificate().key().file());
            }
        }
        Alerts alerts = config.alerts();
        if (alerts != null) {
            if (alerts.mail() != null && alerts.mail().passwordFile() != null) {
                secrets.add(alerts.mail().passwordFile());
            }
            for (Alerts.Webhook webhook : alerts.webhooks()) {
                if (webhook.tokenFile() != null) {
                    secrets.add(webhook.tokenFile());
                }
            }
        }
        Tracing tracing = config.tracing();
        if (tracing != null && tracing.tokenFile() != null) {
            secrets.add(tracing.tokenFile());
        }
        List<Path> open = new ArrayList<>();
        for (Path secret : secrets) {
            if (isReadableByOthers(secret)) {
                open.add(secret);
            }
        }
        return open;
    }

    /** A password or a token, as it is. */
    public static String password(Path file) throws IOException {
        String text = new String(RegularFile.bytes(file, LARGEST_BYTES), StandardCharsets.UTF_8).strip();
        if (text.isEmpty() || text.chars().anyMatch(Character::isISOControl)) {
            throw new IOException(file + (text.isEmpty() ? " is empty" : " has more than one line"));
        }
        return text;
    }

    private static String text(Path file) throws IOException {
        return new String(RegularFile.bytes(file, LARGEST_BYTES), StandardCharsets.ISO_8859_1).strip();
    }

    private static byte[] decode(Base64.Decoder decoder, String text, String form) throws IOException {
        String bare = text.replaceAll("\\s+", "");
        if (bare.isEmpty()) {
            throw new IOException("is empty");
        }
        try {
            return decoder.decode(bare);
        } catch (IllegalArgumentException e) {
            // Its message would show a character of the secret.
            throw new IOException("is not " + form);
        }
    }
}
