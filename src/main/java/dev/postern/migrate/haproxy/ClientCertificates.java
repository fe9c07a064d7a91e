package dev.postern.migrate.haproxy;

import dev.postern.config.RegularFile;
import dev.postern.migrate.Value;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code verify … ca-file … crl-file} of a {@code bind}: whether clients are asked for a certificate. */
final class ClientCertificates {
    private ClientCertificates() {}

    /** The words about it. */
    static List<String> said(Statement bind) {
        List<String> said = new ArrayList<>();
        for (String word : List.of("verify", "ca-file", "crl-file")) {
            if (bind.words().contains(word)) {
                said.add(word + " " + bind.valueOf(word));
            }
        }
        return said;
    }

    /** What sites say of it; empty where nobody is asked, or a file is not here. */
    static Optional<Value> of(Statement bind) {
        String verify = bind.valueOf("verify");
        String ca = bind.valueOf("ca-file");
        String crl = bind.valueOf("crl-file");
        boolean isAsked = verify.equals("required") || verify.equals("optional");
        if (!isAsked || !isThere(ca) || (!crl.isEmpty() && !isThere(crl))) {
            return Optional.empty();
        }
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("ca", ca);
        if (!crl.isEmpty()) {
            settings.put("crl", crl);
        }
        settings.put("mode", verify.equals("required") ? "require" : "request");
        return Optional.of(Value.mapping(settings));
    }

    private static boolean isThere(String file) {
        try {
            return file.startsWith("/")
                    && RegularFile.text(Path.of(file), RegularFile.PEM_BYTES).contains("-----BEGIN ");
        } catch (IOException e) {
            return false;
        }
    }
}
