package dev.postern.ca.acme;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.config.KeyType;
import dev.postern.pki.Keys;
import dev.postern.pki.Pem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.lang.JoseException;

/** Asks an {@link AcmeService} without a network; each answer is the last one's {@link #last}. */
final class InProcessClient {
    private final AcmeService service;
    private final KeyPair key;
    private String account = "";
    private AcmeReply last = AcmeReply.empty(0);

    InProcessClient(AcmeService service) {
        this(service, Keys.generate(KeyType.EC_P256));
    }

    InProcessClient(AcmeService service, KeyPair key) {
        this.service = service;
        this.key = key;
    }

    String account() {
        return account;
    }

    AcmeReply last() {
        return last;
    }

    String url(String path) {
        return service.directory().resolve(path).toString();
    }

    AcmeReply get(String target) {
        last = service.answer("GET", target, Map.of(), new byte[0]);
        return last;
    }

    JsonObject json() {
        return JsonParser.parseString(last.body()).getAsJsonObject();
    }

    /** The type of the problem in the last answer, without its prefix; empty where it was none. */
    String problem() {
        return last.header("Content-Type").orElse("").equals("application/problem+json")
                ? json().get("type").getAsString().replace("urn:ietf:params:acme:error:", "")
                : "";
    }

    AcmeReply post(String url, String payload) {
        try {
            JsonWebSignature jws = new JsonWebSignature();
            jws.setHeader("url", url);
            jws.setHeader(
                    "nonce",
                    service.answer("HEAD", "/new-nonce", Map.of(), new byte[0])
                            .header("Replay-Nonce")
                            .orElseThrow());
            if (account.isEmpty()) {
                jws.setJwkHeader(PublicJsonWebKey.Factory.newPublicJwk(key.getPublic()));
            } else {
                jws.setHeader("kid", account);
            }
            jws.setAlgorithmHeaderValue("ES256");
            jws.setKey(key.getPrivate());
            jws.setPayload(payload);
            jws.sign();
            JsonObject body = new JsonObject();
            body.addProperty("protected", jws.getHeaders().getEncodedHeader());
            body.addProperty("payload", jws.getEncodedPayload());
            body.addProperty("signature", jws.getEncodedSignature());
            last = service.answer(
                    "POST",
                    url,
                    Map.of("Content-Type", "application/jose+json"),
                    body.toString().getBytes(StandardCharsets.UTF_8));
            return last;
        } catch (JoseException e) {
            throw new IllegalStateException(e);
        }
    }

    JsonObject read(String url) {
        post(url, "");
        return json();
    }

    AcmeReply register() {
        return register("{\"termsOfServiceAgreed\":true}");
    }

    AcmeReply register(String payload) {
        account = "";
        post(url("/new-account"), payload);
        account = last.header("Location").orElse("");
        return last;
    }

    /** Its URL; empty where it was refused. */
    String order(String... names) {
        return order(new JsonObject(), names);
    }

    String order(JsonObject payload, String... names) {
        JsonArray identifiers = new JsonArray();
        for (String name : names) {
            JsonObject identifier = new JsonObject();
            identifier.addProperty("type", "dns");
            identifier.addProperty("value", name);
            identifiers.add(identifier);
        }
        payload.add("identifiers", identifiers);
        post(url("/new-order"), payload.toString());
        return last.header("Location").orElse("");
    }

    List<String> authorizations(String order) {
        return read(order).getAsJsonArray("authorizations").asList().stream()
                .map(JsonElement::getAsString)
                .toList();
    }

    JsonObject challenge(String authorization, String type) {
        return read(authorization).getAsJsonArray("challenges").asList().stream()
                .map(JsonElement::getAsJsonObject)
                .filter(challenge -> challenge.get("type").getAsString().equals(type))
                .findFirst()
                .orElseThrow();
    }

    void ready(String authorization, String type) {
        post(challenge(authorization, type).get("url").getAsString(), "{}");
    }

    AcmeReply finish(String order, String... names) {
        return post(order + "/finalize", "{\"csr\":\"" + csr(names) + "\"}");
    }

    List<X509Certificate> certificate(String order) throws IOException {
        post(read(order).get("certificate").getAsString(), "");
        return Pem.readCertificates(last.body());
    }

    /** Everything, with a validator that decides at once. */
    List<X509Certificate> obtain(String... names) throws IOException {
        return obtain(new JsonObject(), names);
    }

    List<X509Certificate> obtain(JsonObject payload, String... names) throws IOException {
        if (account.isEmpty()) {
            register();
        }
        String order = order(payload, names);
        for (String authorization : authorizations(order)) {
            if (read(authorization).get("status").getAsString().equals("pending")) {
                ready(authorization, names[0].startsWith("*.") ? "dns-01" : "http-01");
            }
        }
        finish(order, names);
        return certificate(order);
    }

    private static String csr(String... names) {
        try {
            KeyPair certified = Keys.generate(KeyType.EC_P256);
            List<GeneralName> all = new ArrayList<>();
            for (String name : names) {
                all.add(new GeneralName(GeneralName.dNSName, name));
            }
            ExtensionsGenerator extensions = new ExtensionsGenerator();
            extensions.addExtension(
                    Extension.subjectAlternativeName, false, new GeneralNames(all.toArray(GeneralName[]::new)));
            byte[] der = new JcaPKCS10CertificationRequestBuilder(new X500Name("CN=" + names[0]), certified.getPublic())
                    .addAttribute(PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate())
                    .build(new JcaContentSignerBuilder("SHA256withECDSA").build(certified.getPrivate()))
                    .getEncoded();
            return Base64.getUrlEncoder().withoutPadding().encodeToString(der);
        } catch (IOException | OperatorCreationException e) {
            throw new IllegalStateException(e);
        }
    }
}
