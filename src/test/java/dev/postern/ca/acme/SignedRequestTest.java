package dev.postern.ca.acme;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.config.KeyType;
import dev.postern.pki.Keys;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What no well-behaved client sends: each must be refused, and for the right reason. */
class SignedRequestTest {
    private static final String NEW_ACCOUNT = "{\"termsOfServiceAgreed\":true}";

    @TempDir
    Path directory;

    private AcmeFixture acme;
    private RawAcmeClient client;

    @BeforeEach
    void start() throws Exception {
        acme = new AcmeFixture(directory);
        client = new RawAcmeClient(acme.httpClient(), Keys.generate(KeyType.EC_P256));
    }

    @AfterEach
    void stop() {
        acme.close();
    }

    @Test
    void wellSignedRequestIsAccepted() throws Exception {
        HttpResponse<String> response = client.post(
                url("/new-account"), client.sign(Map.of("url", url("/new-account"), "nonce", nonce()), NEW_ACCOUNT));

        assertThat(response.statusCode()).isEqualTo(201);
        assertThat(response.headers().firstValue("Location")).isPresent();
        assertThat(response.headers().firstValue("Replay-Nonce")).isPresent();
        assertThat(response.headers().firstValue("Link")).hasValue("<" + url("/directory") + ">;rel=\"index\"");
    }

    @Test
    void unknownNonceIsBadAndTheAnswerBringsAnother() throws Exception {
        HttpResponse<String> response = client.post(
                url("/new-account"), client.sign(Map.of("url", url("/new-account"), "nonce", "AAAA"), NEW_ACCOUNT));

        assertRefused(response, 400, "badNonce");
        String nonce = response.headers().firstValue("Replay-Nonce").orElseThrow();
        assertThat(client.post(
                                url("/new-account"),
                                client.sign(Map.of("url", url("/new-account"), "nonce", nonce), NEW_ACCOUNT))
                        .statusCode())
                .isEqualTo(201);
    }

    @Test
    void replayedRequestIsRefused() throws Exception {
        JsonObject request = client.sign(Map.of("url", url("/new-account"), "nonce", nonce()), NEW_ACCOUNT);
        client.post(url("/new-account"), request);

        assertRefused(client.post(url("/new-account"), request), 400, "badNonce");
    }

    @Test
    void missingNonceIsMalformed() throws Exception {
        assertRefused(
                client.post(url("/new-account"), client.sign(Map.of("url", url("/new-account")), NEW_ACCOUNT)),
                400,
                "malformed");
    }

    @Test
    void requestSignedForAnotherUrlIsRefused() throws Exception {
        JsonObject request = client.sign(Map.of("url", url("/new-order"), "nonce", nonce()), NEW_ACCOUNT);

        assertRefused(client.post(url("/new-account"), request), 403, "unauthorized");
    }

    @Test
    void tamperedPayloadIsRefusedAndSpendsNoNonce() throws Exception {
        JsonObject request = client.sign(Map.of("url", url("/new-account"), "nonce", nonce()), NEW_ACCOUNT);
        JsonObject tampered = request.deepCopy();
        tampered.add(
                "payload",
                client.sign(Map.of(), "{\"onlyReturnExisting\":true}").get("payload"));

        assertRefused(client.post(url("/new-account"), tampered), 400, "malformed");
        assertThat(client.post(url("/new-account"), request).statusCode()).isEqualTo(201);
    }

    @Test
    void otherAlgorithmIsRefusedWithThoseThatMayBeUsed() throws Exception {
        RawAcmeClient rsa = new RawAcmeClient(acme.httpClient(), Keys.generate(KeyType.RSA_2048));

        HttpResponse<String> response = rsa.post(
                url("/new-account"),
                rsa.sign("PS256", Map.of("url", url("/new-account"), "nonce", nonce()), NEW_ACCOUNT));

        assertRefused(response, 400, "badSignatureAlgorithm");
        assertThat(JsonParser.parseString(response.body()).getAsJsonObject().getAsJsonArray("algorithms"))
                .hasSize(3);
    }

    @Test
    void unknownAccountDoesNotExist() throws Exception {
        JsonObject request =
                client.sign(Map.of("url", url("/new-order"), "nonce", nonce(), "kid", url("/account/nobody")), "{}");

        assertRefused(client.post(url("/new-order"), request), 400, "accountDoesNotExist");
    }

    @Test
    void keyWhereAnAccountIsNeededIsMalformed() throws Exception {
        JsonObject request = client.sign(Map.of("url", url("/new-order"), "nonce", nonce()), "{}");

        assertRefused(client.post(url("/new-order"), request), 400, "malformed");
    }

    @Test
    void unprotectedHeaderIsMalformed() throws Exception {
        JsonObject request = client.sign(Map.of("url", url("/new-account"), "nonce", nonce()), NEW_ACCOUNT);
        request.add("header", new JsonObject());

        assertRefused(client.post(url("/new-account"), request), 400, "malformed");
    }

    @Test
    void rubbishIsMalformed() throws Exception {
        for (String body : new String[] {"", "[]", "{", "{\"protected\":1}", "\u0000", "{\"protected\":\"=\"}"}) {
            assertRefused(client.post(url("/new-account"), "application/jose+json", body), 400, "malformed");
        }
        assertRefused(client.post(url("/new-account"), "application/json", "{}"), 415, "malformed");
        assertRefused(client.send("GET", url("/new-account")), 405, "malformed");
        assertRefused(client.send("GET", url("/nothing/here")), 404, "malformed");
        assertRefused(client.post(url("/new-account"), "application/jose+json", "x".repeat(200_000)), 413, "malformed");
    }

    @Test
    void noncesAreFreshAndNotCached() throws Exception {
        HttpResponse<String> get = client.send("GET", url("/new-nonce"));
        HttpResponse<String> head = client.send("HEAD", url("/new-nonce"));

        assertThat(get.statusCode()).isEqualTo(204);
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(get.headers().firstValue("Cache-Control")).hasValue("no-store");
        assertThat(get.headers().firstValue("Replay-Nonce"))
                .isPresent()
                .isNotEqualTo(head.headers().firstValue("Replay-Nonce"));
    }

    @Test
    void oldestNoncesAreForgottenFirst() {
        Nonces nonces = new Nonces(new Tokens(new SecureRandom()));
        String first = nonces.next();
        for (int i = 0; i < 10_000; i++) {
            nonces.next();
        }
        String last = nonces.next();

        assertThat(nonces.redeem(first)).isFalse();
        assertThat(nonces.redeem(last)).isTrue();
        assertThat(nonces.redeem(last)).isFalse();
    }

    private String url(String path) {
        return acme.server.directory().resolve(path).toString();
    }

    private String nonce() throws Exception {
        return client.nonce(acme);
    }

    private static void assertRefused(HttpResponse<String> response, int status, String type) {
        assertThat(RawAcmeClient.problemType(response)).isEqualTo(type);
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
    }
}
