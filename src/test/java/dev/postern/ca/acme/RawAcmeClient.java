package dev.postern.ca.acme;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.KeyPair;
import java.util.Map;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.lang.JoseException;

/** Signs whatever it is told to, also what no ACME client would. */
final class RawAcmeClient {
    private final HttpClient http;
    private final KeyPair key;

    RawAcmeClient(HttpClient http, KeyPair key) {
        this.http = http;
        this.key = key;
    }

    HttpResponse<String> send(String method, String url) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create(url))
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .build(),
                BodyHandlers.ofString());
    }

    HttpResponse<String> post(String url, String contentType, String body) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create(url))
                        .header("Content-Type", contentType)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    HttpResponse<String> post(String url, JsonObject jws) throws IOException, InterruptedException {
        return post(url, "application/jose+json", jws.toString());
    }

    String nonce(AcmeFixture acme) throws IOException, InterruptedException {
        String url = acme.server.directory().resolve("/new-nonce").toString();
        return send("HEAD", url).headers().firstValue("Replay-Nonce").orElseThrow();
    }

    /** The key goes into the header unless there is a {@code kid}. */
    JsonObject sign(Map<String, String> header, String payload) {
        return sign("ES256", header, payload);
    }

    JsonObject sign(String algorithm, Map<String, String> header, String payload) {
        try {
            JsonWebSignature jws = new JsonWebSignature();
            header.forEach(jws::setHeader);
            if (!header.containsKey("kid")) {
                jws.setJwkHeader(PublicJsonWebKey.Factory.newPublicJwk(key.getPublic()));
            }
            jws.setAlgorithmHeaderValue(algorithm);
            jws.setKey(key.getPrivate());
            jws.setPayload(payload);
            jws.sign();
            JsonObject json = new JsonObject();
            json.addProperty("protected", jws.getHeaders().getEncodedHeader());
            json.addProperty("payload", jws.getEncodedPayload());
            json.addProperty("signature", jws.getEncodedSignature());
            return json;
        } catch (JoseException e) {
            throw new IllegalStateException(e);
        }
    }

    static String problemType(HttpResponse<String> response) {
        return JsonParser.parseString(response.body())
                .getAsJsonObject()
                .get("type")
                .getAsString()
                .replace("urn:ietf:params:acme:error:", "");
    }
}
