package dev.postern.bench.compare;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * Of a CA of our own, P-256 as nearly everybody's, each with the CA behind it in the chain. The sites are many, and have each a
 * certificate and files of their own; only their key is the same one.
 */
final class Certificates {
    /** As one file has it, and as HAProxy wants it. */
    record Files3(String name, Path chain, Path key, Path both) {}

    private static final String FIRST_SITE = "site-00000.example";

    private final Path folder;
    private final Files3 main;

    Certificates(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
        request("ca", "/CN=bench CA", "basicConstraints=critical,CA:TRUE", List.of("-x509", "-days", "30"));
        this.main = signed("localhost", "DNS:localhost,DNS:h2c.localhost");
    }

    Files3 main() {
        return main;
    }

    private void request(String name, String subject, String extension, List<String> more) {
        List<String> command = new ArrayList<>(
                List.of("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256"));
        command.addAll(List.of("-keyout", path(name + ".key"), "-out", path(name + ".pem")));
        command.addAll(List.of("-subj", subject, "-addext", extension));
        command.addAll(more);
        Programs.run(command);
    }

    private Files3 signed(String name, String names) throws IOException {
        request(name, "/CN=" + name, "subjectAltName=" + names, List.of());
        Path extensions = Files.writeString(
                folder.resolve("extensions"),
                "subjectAltName=" + names + "\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\n");
        Programs.run(List.of(
                "openssl",
                "x509",
                "-req",
                "-sha256",
                "-days",
                "20",
                "-in",
                path(name + ".pem"),
                "-CA",
                path("ca.pem"),
                "-CAkey",
                path("ca.key"),
                "-CAcreateserial",
                "-extfile",
                extensions.toString(),
                "-out",
                path(name + ".leaf")));
        return write(folder, name, Files.readString(folder.resolve(name + ".leaf")), name);
    }

    /** @param keyOf the name that the key was made for */
    private Files3 write(Path to, String name, String leaf, String keyOf) throws IOException {
        String chain = leaf + Files.readString(folder.resolve("ca.pem"));
        String key = Files.readString(folder.resolve(keyOf + ".key"));
        // HAProxy takes every file of a folder, so that its files have one of their own.
        Path together = Files.createDirectories(to.resolve("both"));
        return new Files3(
                name,
                Files.writeString(to.resolve(name + ".chain.pem"), chain),
                Files.writeString(to.resolve(name + ".key.pem"), key),
                Files.writeString(together.resolve(name + ".pem"), chain + key));
    }

    /** Made by putting each name into the first one, and signing it: OpenSSL would take minutes for thousands. */
    List<Files3> sites(Path to, int count) {
        try {
            Files.createDirectories(to);
            signed(FIRST_SITE, "DNS:" + FIRST_SITE);
            byte[] first = der("CERTIFICATE", folder.resolve(FIRST_SITE + ".leaf"));
            byte[] toBeSigned = element(first, start(first, 0));
            byte[] algorithm = element(first, start(first, 0) + toBeSigned.length);
            PrivateKey key = KeyFactory.getInstance("EC")
                    .generatePrivate(new PKCS8EncodedKeySpec(der("PRIVATE KEY", folder.resolve("ca.key"))));
            Signature signature = Signature.getInstance("SHA256withECDSA");
            List<Files3> sites = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String name = "site-%05d.example".formatted(i);
                byte[] tbs = replaced(toBeSigned, FIRST_SITE, name);
                signature.initSign(key);
                signature.update(tbs);
                byte[] bits = joined(new byte[] {0}, signature.sign());
                byte[] certificate = tagged(0x30, joined(tbs, algorithm, tagged(0x03, bits)));
                String pem = "-----BEGIN CERTIFICATE-----\n"
                        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate)
                        + "\n-----END CERTIFICATE-----\n";
                sites.add(write(to, name, pem, FIRST_SITE));
            }
            return sites;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] replaced(byte[] in, String what, String with) {
        // The bytes as characters, one for one.
        String text = new String(in, StandardCharsets.ISO_8859_1);
        return text.replace(what, with).getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Where the content of an element of DER begins. */
    private static int start(byte[] der, int offset) {
        int length = der[offset + 1] & 0xff;
        return offset + 2 + (length < 0x80 ? 0 : length & 0x7f);
    }

    private static byte[] element(byte[] der, int offset) {
        int start = start(der, offset);
        int length = der[offset + 1] & 0xff;
        if (length >= 0x80) {
            length = 0;
            for (int i = offset + 2; i < start; i++) {
                length = length << 8 | der[i] & 0xff;
            }
        }
        return Arrays.copyOfRange(der, offset, start + length);
    }

    private static byte[] tagged(int tag, byte[] content) {
        int length = content.length;
        byte[] head = length < 0x80
                ? new byte[] {(byte) tag, (byte) length}
                : length < 0x100
                        ? new byte[] {(byte) tag, (byte) 0x81, (byte) length}
                        : new byte[] {(byte) tag, (byte) 0x82, (byte) (length >> 8), (byte) length};
        return joined(head, content);
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static byte[] der(String label, Path pem) throws IOException {
        String text = Files.readString(pem);
        String begin = "-----BEGIN " + label + "-----";
        int from = text.indexOf(begin) + begin.length();
        return Base64.getMimeDecoder().decode(text.substring(from, text.indexOf("-----END", from)));
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }
}
