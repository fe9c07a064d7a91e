package dev.postern.migrate;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.postern.config.RegularFile;
import dev.postern.control.ControlRequest;
import dev.postern.disk.DiskFailure;
import dev.postern.pki.Pem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/** {@code /etc/letsencrypt} as certbot keeps it, or a copy of it. Only ever read. */
final class CertbotDirectory {
    private final Path root;

    /** @throws IOException one line: it is not certbot's, or cannot be read */
    CertbotDirectory(Path root) throws IOException {
        this.root = root;
        if (!Files.isDirectory(root)) {
            throw new IOException(root + ": " + (Files.exists(root) ? "not a directory" : "no such directory")
                    + " (expected: certbot's directory, such as /etc/letsencrypt)");
        }
        if (list(root.resolve("live")).isEmpty()
                && list(root.resolve("renewal")).isEmpty()) {
            throw new IOException(root + ": holds no certificates of certbot (expected: live/ and renewal/ in it)");
        }
    }

    /**
     * What certbot calls one certificate and its successors.
     *
     * @param server URL of the directory it came from; empty where certbot does not say
     * @param account certbot's name for the account; empty where certbot does not say
     */
    record Lineage(String name, String server, String account, PrivateKey key, List<X509Certificate> chain) {}

    /** @param json what our {@code account.json} is to hold */
    record Account(String id, PrivateKey key, String url, JsonObject json) {}

    /** The names of all lineages, readable or not. */
    List<String> lineages() throws IOException {
        TreeSet<String> names = new TreeSet<>();
        for (Path conf : list(root.resolve("renewal"))) {
            String name = conf.getFileName().toString();
            if (name.endsWith(".conf")) {
                names.add(name.substring(0, name.length() - ".conf".length()));
            }
        }
        for (Path live : list(root.resolve("live"))) {
            if (Files.isDirectory(live)) {
                names.add(live.getFileName().toString());
            }
        }
        return List.copyOf(names);
    }

    /** @throws IOException one line: the file that cannot be read, and why */
    Lineage lineage(String name) throws IOException {
        Path live = root.resolve("live").resolve(name);
        Path chainFile = live.resolve("fullchain.pem");
        Path keyFile = live.resolve("privkey.pem");
        if (!Files.exists(chainFile)) {
            // A copy without its links: the newest one in the archive is what they pointed to.
            int newest = newest(root.resolve("archive").resolve(name));
            chainFile = root.resolve("archive").resolve(name).resolve("fullchain" + newest + ".pem");
            keyFile = root.resolve("archive").resolve(name).resolve("privkey" + newest + ".pem");
        }
        List<X509Certificate> chain;
        PrivateKey key;
        try {
            chain = Pem.readCertificates(RegularFile.text(chainFile, RegularFile.PEM_BYTES));
        } catch (IOException e) {
            throw new IOException(chainFile + ": " + DiskFailure.reason(e), e);
        }
        try {
            key = Pem.readKey(RegularFile.text(keyFile, RegularFile.PEM_BYTES));
        } catch (IOException e) {
            throw new IOException(keyFile + ": " + DiskFailure.reason(e), e);
        }
        Path conf = root.resolve("renewal").resolve(name + ".conf");
        return new Lineage(name, server(conf), account(conf), key, chain);
    }

    private static String server(Path conf) throws IOException {
        String server = parameter(conf, "server");
        if (!server.isEmpty() && !isDirectoryUrl(server)) {
            throw new IOException(
                    conf + ": server = " + server
                            + ": not the URL of an ACME directory (expected: as https://acme-v02.api.letsencrypt.org/directory)");
        }
        return server;
    }

    // It names a folder, too, and that must not be one elsewhere.
    private static boolean isDirectoryUrl(String server) {
        try {
            URI url = new URI(server);
            return url.isAbsolute() && url.getHost() != null && url.normalize().equals(url) && !server.contains("..");
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static String account(Path conf) throws IOException {
        String account = parameter(conf, "account");
        if (!account.matches("[A-Za-z0-9_-]*")) {
            throw new IOException(conf + ": account = " + account
                    + ": not a name that certbot gives an account (expected: letters and digits)");
        }
        return account;
    }

    private static int newest(Path archive) throws IOException {
        return list(archive).stream()
                .map(file -> file.getFileName().toString())
                .filter(file -> file.matches("fullchain[0-9]{1,8}\\.pem"))
                .mapToInt(file -> Integer.parseInt(file.replaceAll("[^0-9]", "")))
                .max()
                .orElse(1);
    }

    /** Of the section {@code [renewalparams]}; empty where there is none. */
    private static String parameter(Path conf, String key) throws IOException {
        if (!Files.exists(conf)) {
            return "";
        }
        try {
            boolean inside = false;
            for (String line :
                    RegularFile.text(conf, RegularFile.PEM_BYTES).lines().toList()) {
                String text = line.strip();
                if (text.startsWith("[")) {
                    inside = text.equals("[renewalparams]");
                }
                int equals = text.indexOf('=');
                if (inside && equals > 0 && text.substring(0, equals).strip().equals(key)) {
                    return text.substring(equals + 1).strip();
                }
            }
            return "";
        } catch (IOException e) {
            throw new IOException(conf + ": " + DiskFailure.reason(e), e);
        }
    }

    /** certbot's names of the accounts at this CA. */
    List<String> accounts(URI server) throws IOException {
        return list(accountsAt(server)).stream()
                .filter(account -> Files.exists(account.resolve("regr.json")))
                .map(account -> account.getFileName().toString())
                .toList();
    }

    // accounts/acme-v02.api.letsencrypt.org/directory/
    private Path accountsAt(URI server) {
        String path = server.getRawPath() == null ? "" : server.getRawPath().replaceAll("^/+", "");
        return root.resolve("accounts").resolve(server.getRawAuthority()).resolve(path);
    }

    /** @throws IOException one line: the file that cannot be read, and why */
    Account account(URI server, String id) throws IOException {
        Path folder = accountsAt(server).resolve(id);
        Path keyFile = folder.resolve("private_key.json");
        Path registration = folder.resolve("regr.json");
        PrivateKey key;
        try {
            key = Jwk.privateKey(json(keyFile));
        } catch (GeneralSecurityException e) {
            throw new IOException(keyFile + ": " + e.getMessage(), e);
        }
        JsonObject known = json(registration);
        String url = ControlRequest.text(known, "uri", "");
        if (url.isEmpty()) {
            throw new IOException(registration + ": has no \"uri\" (expected: the URL of the account)");
        }
        JsonObject json = new JsonObject();
        json.addProperty("url", url);
        json.addProperty("directory", server.toString());
        JsonArray contact = new JsonArray();
        if (known.get("body") instanceof JsonObject body) {
            ControlRequest.texts(body, "contact").forEach(contact::add);
        }
        json.add("contact", contact);
        return new Account(id, key, url, json);
    }

    private static JsonObject json(Path file) throws IOException {
        try {
            JsonElement json = JsonParser.parseString(RegularFile.text(file, RegularFile.PEM_BYTES));
            return json.getAsJsonObject();
        } catch (IOException e) {
            throw new IOException(file + ": " + DiskFailure.reason(e), e);
        } catch (JsonParseException | IllegalStateException e) {
            throw new IOException(file + ": is not a JSON object", e);
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        if (Files.notExists(folder)) {
            return List.of();
        }
        List<Path> children = new ArrayList<>();
        try (Stream<Path> paths = Files.list(folder)) {
            paths.sorted().forEach(children::add);
        } catch (UncheckedIOException e) {
            throw new IOException(folder + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new IOException(folder + ": " + DiskFailure.reason(e), e);
        }
        return children;
    }
}
