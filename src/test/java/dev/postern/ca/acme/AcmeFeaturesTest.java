package dev.postern.ca.acme;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.postern.ca.InternalCa;
import dev.postern.ca.TestChains;
import dev.postern.certificate.issuer.SuggestedWindow;
import dev.postern.config.KeyType;
import dev.postern.pki.Keys;
import dev.postern.testing.HandClock;
import dev.postern.testing.Trust;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jose4j.jwk.PublicJsonWebKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What public CAs have grown since RFC 8555, and what they refuse. */
class AcmeFeaturesTest {
    private final HandClock clock = new HandClock(Instant.parse("2030-01-01T00:00:00Z"));
    private final SecureRandom random = new SecureRandom();
    private volatile Optional<Problem> finding = Optional.empty();

    @TempDir
    Path directory;

    @Test
    void renewalWindowFollowsTheLifeAndCanBeSet() throws Exception {
        AcmeService service = open(options());
        InProcessClient client = new InProcessClient(service);
        X509Certificate leaf = client.obtain("a.example").get(0);
        String url = client.get("/directory").body().contains("renewalInfo")
                ? "/renewal-info/" + CertificateId.of(leaf)
                : "";

        JsonObject window = window(client, url);
        assertThat(client.last().header("Retry-After")).hasValue("21600");
        assertThat(Instant.parse(window.get("start").getAsString()))
                .isBetween(
                        clock.instant().plus(Duration.ofDays(57)),
                        clock.instant().plus(Duration.ofDays(59)));
        assertThat(Instant.parse(window.get("end").getAsString()))
                .isBetween(
                        clock.instant().plus(Duration.ofDays(61)),
                        clock.instant().plus(Duration.ofDays(62)));

        Instant now = clock.instant();
        service.suggestRenewal(
                leaf, new SuggestedWindow(now, now.plusSeconds(60), "https://ca.example/why", Duration.ofHours(1)));
        assertThat(window(client, url).get("start").getAsString()).isEqualTo("2030-01-01T00:00:00Z");
        assertThat(client.json().get("explanationURL").getAsString()).isEqualTo("https://ca.example/why");
        assertThat(client.last().header("Retry-After")).hasValue("3600");
        assertThat(client.get("/renewal-info/AAAA.BBBB").status()).isEqualTo(404);
    }

    @Test
    void certificateIsReplacedOnceByItsAccountForANameOfIts() throws Exception {
        AcmeService service = open(options());
        InProcessClient client = new InProcessClient(service);
        String old = CertificateId.of(client.obtain("a.example", "b.example").get(0));
        InProcessClient stranger = new InProcessClient(service);
        stranger.register();

        stranger.order(replaces(old), "a.example");
        assertThat(stranger.problem()).isEqualTo("unauthorized");
        client.order(replaces(old), "c.example");
        assertThat(client.problem()).isEqualTo("malformed");
        client.order(replaces("AAAA.BBBB"), "a.example");
        assertThat(client.problem()).isEqualTo("malformed");
        client.order(replaces(old), "a.example");
        assertThat(client.json().get("replaces").getAsString()).isEqualTo(old);
        client.order(replaces(old), "b.example");
        assertThat(client.last().status()).isEqualTo(409);
        assertThat(client.problem()).isEqualTo("alreadyReplaced");

        clock.advance(AcmeState.PENDING_LIFE); // the replacement was never finished
        assertThat(client.order(replaces(old), "b.example")).isNotEmpty();
        assertThat(service.refusals()).containsEntry(ProblemType.ALREADY_REPLACED, 1L);
    }

    @Test
    void profileDecidesHowLongACertificateLives() throws Exception {
        AcmeService service = open(options().profiles(AcmeProfile.likeLetsEncrypt()));
        InProcessClient client = new InProcessClient(service);
        JsonObject wanted = new JsonObject();
        wanted.addProperty("profile", "shortlived");

        X509Certificate leaf = client.obtain(wanted, "a.example").get(0);

        assertThat(leaf.getNotBefore().toInstant()).isEqualTo(clock.instant().minus(Duration.ofHours(1)));
        assertThat(leaf.getNotAfter().toInstant()).isEqualTo(clock.instant().plus(Duration.ofHours(159)));
        client.order("a.example");
        assertThat(client.json().get("profile").getAsString()).isEqualTo("classic");
        wanted.addProperty("profile", "eternal");
        client.order(wanted, "a.example");
        assertThat(client.problem()).isEqualTo("invalidProfile");
        assertThat(client.get("/directory").body()).contains("\"profiles\":{\"classic\":");
        assertThat(service.issuances()).singleElement().satisfies(issued -> {
            assertThat(issued.profile()).isEqualTo("shortlived");
            assertThat(issued.names()).containsExactly("a.example");
            assertThat(issued.account()).isEqualTo(client.account());
            assertThat(issued.serial()).isEqualTo(leaf.getSerialNumber());
        });
    }

    @Test
    void alternateChainsLeadToTheOtherRoots() throws Exception {
        InternalCa ca = InternalCa.open(directory, clock, random, new InternalCa.Shape(3, 2, Duration.ofMinutes(1)));
        AcmeService service = AcmeService.open(ca, URI.create("https://ca.example"), options());
        InProcessClient client = new InProcessClient(service);

        List<X509Certificate> chain = client.obtain("a.example");

        TestChains.verify(Trust.root(ca), chain, clock.instant());
        List<String> links = client.last().headers().stream()
                .map(AcmeReply.Header::value)
                .filter(value -> value.endsWith("rel=\"alternate\""))
                .map(value -> value.substring(1, value.indexOf('>')))
                .toList();
        assertThat(links).hasSize(2);
        for (int i = 0; i < 2; i++) {
            client.post(links.get(i), "");
            List<X509Certificate> other =
                    dev.postern.pki.Pem.readCertificates(client.last().body());
            TestChains.verify(ca.alternateRoots().get(i), other, clock.instant());
            assertThat(other.get(0)).isEqualTo(chain.get(0));
        }
    }

    @Test
    void externalAccountIsBoundOnce() throws Exception {
        byte[] mac = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
        AcmeService service = open(options().externalAccounts(Map.of("kid-1", mac), true, false));
        KeyPair key = Keys.generate(KeyType.EC_P256);
        InProcessClient client = new InProcessClient(service, key);

        client.register();
        assertThat(client.problem()).isEqualTo("externalAccountRequired");
        for (String algorithm : List.of("HS256", "HS384", "HS512")) {
            client.register(binding(client, key, "kid-1", algorithm, new byte[] {1}));
            assertThat(client.problem()).isEqualTo("unauthorized");
        }
        client.register(binding(client, Keys.generate(KeyType.EC_P256), "kid-1", "HS256", mac));
        assertThat(client.problem()).isEqualTo("malformed");
        client.register(binding(client, key, "kid-1", "HS512", mac));
        assertThat(client.last().status()).isEqualTo(201);
        assertThat(client.json().has("externalAccountBinding")).isTrue();

        KeyPair second = Keys.generate(KeyType.EC_P256);
        InProcessClient other = new InProcessClient(service, second);
        other.register(binding(other, second, "kid-1", "HS256", mac));
        assertThat(other.problem()).isEqualTo("unauthorized");
    }

    @Test
    void limitsRefuseAndSayWhenToComeBack() throws Exception {
        AcmeLimits.Rate two = new AcmeLimits.Rate(2, Duration.ofHours(1));
        AcmeService service = open(options()
                .limits(new AcmeLimits(
                        AcmeLimits.Rate.UNLIMITED, AcmeLimits.Rate.UNLIMITED, two, two, 3, name -> name)));
        InProcessClient client = new InProcessClient(service);
        String old = "";
        for (int i = 0; i < 2; i++) {
            old = CertificateId.of(client.obtain("a.example").get(0));
        }

        client.order("a.example");
        assertThat(client.last().status()).isEqualTo(429);
        assertThat(client.problem()).isEqualTo("rateLimited");
        assertThat(client.last().header("Retry-After")).hasValue("1800");
        assertThat(client.order(replaces(old), "a.example")).isNotEmpty(); // free
        clock.advance(Duration.ofMinutes(30));
        assertThat(client.order("a.example")).isNotEmpty();
        assertThat(service.refusals()).containsEntry(ProblemType.RATE_LIMITED, 1L);
    }

    @Test
    void failuresAreLimitedAndInTheEndPauseTheName() throws Exception {
        AcmeLimits.Rate two = new AcmeLimits.Rate(2, Duration.ofHours(1));
        AcmeService service = open(options()
                .limits(new AcmeLimits(
                        AcmeLimits.Rate.UNLIMITED,
                        AcmeLimits.Rate.UNLIMITED,
                        AcmeLimits.Rate.UNLIMITED,
                        two,
                        3,
                        name -> name)));
        InProcessClient client = new InProcessClient(service);
        client.register();
        finding = Optional.of(Problem.about("a.example", ProblemType.DNS, "no such name"));

        fail(client);
        fail(client);
        client.order("a.example");
        assertThat(client.json().get("detail").getAsString()).contains("too many failed authorizations (2)");
        clock.advance(Duration.ofHours(1));
        fail(client);
        client.order("a.example");
        assertThat(client.json().get("detail").getAsString())
                .startsWith("Your account is temporarily prevented from requesting certificates for a.example")
                .contains("Please visit: https://ca.example/unpause/");

        service.unpause(client.account());
        clock.advance(Duration.ofHours(1));
        assertThat(client.order("a.example")).isNotEmpty();
    }

    @Test
    void changedTermsMustBeAgreedTo() throws Exception {
        AcmeService service = open(options());
        InProcessClient client = new InProcessClient(service);
        client.register();

        service.changeTerms();

        client.order("a.example");
        assertThat(client.problem()).isEqualTo("userActionRequired");
        assertThat(client.json().get("instance").getAsString()).isEqualTo("https://ca.example/terms/2");
        client.post(client.account(), "{\"termsOfServiceAgreed\":true}");
        assertThat(client.order("a.example")).isNotEmpty();
    }

    @Test
    void lostAccountDoesNotExist() throws Exception {
        AcmeService service = open(options());
        InProcessClient client = new InProcessClient(service);
        client.register();
        String before = client.account();

        service.forgetAccount(before);

        client.order("a.example");
        assertThat(client.problem()).isEqualTo("accountDoesNotExist");
        client.register();
        assertThat(client.account()).isNotEqualTo(before);
    }

    @Test
    void wildcardIsProvenThroughTheDnsOnly() throws Exception {
        List<ChallengeValidator.Proof> proofs = new ArrayList<>();
        AcmeService service = open(options().validator((proof, found) -> {
            proofs.add(proof);
            found.accept(Optional.empty());
        }));
        InProcessClient client = new InProcessClient(service);

        X509Certificate leaf = client.obtain("*.a.example").get(0);

        assertThat(TestChains.names(leaf)).containsExactly("*.a.example");
        assertThat(proofs).singleElement().satisfies(proof -> {
            assertThat(proof.type()).isEqualTo("dns-01");
            assertThat(proof.name()).isEqualTo("a.example");
        });
        JsonObject authorization =
                client.read(client.authorizations(client.order("*.a.example")).get(0));
        assertThat(authorization.getAsJsonArray("challenges")).hasSize(1);
        assertThat(authorization.get("wildcard").getAsBoolean()).isTrue();
    }

    @Test
    void caaForbidsAtTheValidation() throws Exception {
        InProcessClient client =
                new InProcessClient(open(options().caa(name -> Optional.of("CAA record prevents issuance"))));
        client.register();

        fail(client);

        assertThat(client.last().body()).contains(":caa");
    }

    @Test
    void txtRecordWithTheDigestIsAProof() {
        String digest = Base64.getUrlEncoder().withoutPadding().encodeToString(Dns01Validator.digest("token.key"));
        Dns01Validator validator = new Dns01Validator(
                name -> name.equals("_acme-challenge.a.example") ? List.of("other", digest) : List.of());

        assertThat(validator.validate("a.example", "token.key")).isEmpty();
        assertThat(validator.validate("a.example", "token.other"))
                .map(Problem::type)
                .hasValue(ProblemType.UNAUTHORIZED);
        assertThat(validator.validate("b.example", "token.key").orElseThrow().detail())
                .contains("no TXT record");
    }

    private AcmeOptions options() {
        return new AcmeOptions(Runnable::run, clock, random).validator((proof, found) -> found.accept(finding));
    }

    private AcmeService open(AcmeOptions options) throws Exception {
        return AcmeService.open(InternalCa.open(directory, clock, random), URI.create("https://ca.example"), options);
    }

    private static JsonObject window(InProcessClient client, String url) {
        client.get(url);
        return client.json().getAsJsonObject("suggestedWindow");
    }

    private static JsonObject replaces(String id) {
        JsonObject payload = new JsonObject();
        payload.addProperty("replaces", id);
        return payload;
    }

    private static void fail(InProcessClient client) {
        String order = client.order("a.example");
        client.ready(client.authorizations(order).get(0), "http-01");
        assertThat(client.read(order).get("status").getAsString()).isEqualTo("invalid");
    }

    private static String binding(InProcessClient client, KeyPair key, String keyId, String algorithm, byte[] mac)
            throws Exception {
        Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
        String header = "{\"alg\":\"%s\",\"kid\":\"%s\",\"url\":\"%s\"}"
                .formatted(algorithm, keyId, client.url("/new-account"));
        String signed = base64.encodeToString(header.getBytes(StandardCharsets.UTF_8)) + "."
                + base64.encodeToString(PublicJsonWebKey.Factory.newPublicJwk(key.getPublic())
                        .toJson()
                        .getBytes(StandardCharsets.UTF_8));
        Mac hmac = Mac.getInstance(algorithm.replace("HS", "HmacSHA"));
        hmac.init(new SecretKeySpec(mac, "HMAC"));
        String signature = base64.encodeToString(hmac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)));
        String[] parts = signed.split("\\.", -1);
        return ("{\"termsOfServiceAgreed\":true,\"externalAccountBinding\":"
                        + "{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\"}}")
                .formatted(parts[0], parts[1], signature);
    }
}
