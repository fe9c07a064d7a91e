package dev.postern.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.IssuerAccount;
import dev.postern.config.ExternalAccount;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.KeyType;
import dev.postern.config.RateLimits;
import dev.postern.pki.Keys;
import dev.postern.testing.Care;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.PrivateKey;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who we are to a CA. */
@Timeout(20)
class AccountTest extends WithFakeCa {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private AcmeDirectory bound(String key) throws Exception {
        return with(new ExternalAccount("kid-1", Files.writeString(directory.resolve("hmac"), key)), null, null);
    }

    private void issueAt(AcmeDirectory at) throws Exception {
        issuer(at).issue(Care.request(challenges, "example.com"), journal);
    }

    private IssueFailure failureAt(AcmeDirectory at) {
        return catchThrowableOfType(IssueFailure.class, () -> issueAt(at));
    }

    private static String key(int bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(new byte[bytes]);
    }

    /** As at Google and ZeroSSL, which register nobody without; the length of the key says which MAC. */
    @ParameterizedTest
    @CsvSource({"32, HS256", "48, HS384", "64, HS512"})
    void externalAccountIsBound(int bytes, String algorithm) throws Exception {
        ca.requireExternalAccount();

        issueAt(bound(key(bytes) + "\n"));

        JsonObject binding = ca.payloads("/account").get(0).getAsJsonObject("externalAccountBinding");
        JsonObject header = JsonParser.parseString(new String(
                        Base64.getUrlDecoder().decode(binding.get("protected").getAsString()), StandardCharsets.UTF_8))
                .getAsJsonObject();
        assertThat(header.get("kid").getAsString()).isEqualTo("kid-1");
        assertThat(header.get("alg").getAsString()).isEqualTo(algorithm);
    }

    /** It may have been removed: it is good for nothing any more. */
    @Test
    void externalKeyIsReadOnceForAllTimes() throws Exception {
        AcmeDirectory at = bound(key(32));
        issueAt(at);
        Files.delete(directory.resolve("hmac"));

        issueAt(at);

        assertThat(ca.count("/account")).isEqualTo(1);
    }

    @Test
    void googleTakesOneMacOnly() {
        CaHttp nowhere = new CaHttp(
                (request, deadline) -> {
                    throw new java.io.IOException("nothing is asked");
                },
                URI.create("https://dv.acme-v02.api.pki.goog/directory"),
                PATIENCE,
                clock,
                date -> {});
        CaProvider google = new CaProvider(nowhere, URI.create("https://dv.acme-v02.api.pki.goog/directory"));

        assertThat(google.getProposedEabMacAlgorithm()).contains("HS256");
    }

    @Test
    void caThatRequiresAnExternalAccountSaysWhichKeyToSet() {
        ca.requireExternalAccount();

        IssueFailure failure = failureAt(with(null, null, null));

        assertThat(failure.fault()).isEqualTo(Fault.OURS);
        assertThat(failure)
                .hasMessage(
                        "fake: the CA registers nobody without an account of its own; set eab (key-id and hmac-file)"
                                + " for this issuer in acme.issuers");
        assertThat(ca.count("/account")).isZero();
    }

    @Test
    void caThatSaysSoOnlyWhenAskedSaysWhichKeyToSet() {
        ca.fault("/account", (exchange, count) -> FakeCa.problem(exchange, 403, "externalAccountRequired"));

        assertThat(failureAt(with(null, null, null)))
                .hasMessageContaining("set eab (key-id and hmac-file) for this issuer in acme.issuers");
    }

    @ParameterizedTest
    @ValueSource(strings = {"not base64url!", "+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/8", "c2hvcnQ", ""})
    void keyThatIsNoneIsNamedAndNotShown(String text) throws Exception {
        IssueFailure failure = failureAt(bound(text));

        assertThat(failure.fault()).isEqualTo(Fault.OURS);
        assertThat(failure).hasMessageStartingWith("fake: " + directory.resolve("hmac") + ": ");
        assertThat(failure.getMessage()).contains("base64url");
        if (!text.isEmpty()) {
            assertThat(failure.getMessage()).doesNotContain(text);
        }
        assertThat(ca.count("/account")).isZero();
    }

    @Test
    void keyThatIsMissingIsNamed() {
        Path file = directory.resolve("none");

        assertThat(failureAt(with(new ExternalAccount("kid-1", file), null, null)))
                .hasMessageStartingWith("fake: " + file + ": no such file or directory (expected: the MAC key");
    }

    @Test
    void usedUpExternalKeyIsToldAsSuch() throws Exception {
        ca.fault("/account", (exchange, count) -> FakeCa.problem(exchange, 401, "unauthorized"));

        assertThat(failureAt(bound(key(32))))
                .hasMessageContaining("did not take key id \"kid-1\" of eab: because of unauthorized")
                .hasMessageContaining("it may be used up or expired");
    }

    @Test
    void changedContactIsToldOnce() throws Exception {
        issueAt(with(null, null, null));

        issuer(with(null, null, null), "new@example.com", PATIENCE)
                .issue(Care.request(challenges, "example.com"), journal);
        issuer(with(null, null, null), "new@example.com", PATIENCE)
                .issue(Care.request(challenges, "example.com"), journal);

        assertThat(ca.payloads("/account/1").stream()
                        .filter(request -> request.has("contact"))
                        .map(request -> request.getAsJsonArray("contact")))
                .containsExactly(
                        JsonParser.parseString("[\"mailto:new@example.com\"]").getAsJsonArray());
    }

    /** Users' trouble: the account's key vanished minutes after the start, and with the next start came another account. */
    @Test
    void accountThatVanishedFromTheDiskIsWrittenAgain() throws Exception {
        AcmeIssuer running = issuer(with(null, null, null));
        running.issue(Care.request(challenges, "example.com"), journal);
        Path folder = directory.resolve("certs/accounts/fake");
        byte[] key = Files.readAllBytes(folder.resolve("key.pem"));
        Files.delete(folder.resolve("key.pem"));
        Files.delete(folder.resolve("account.json"));

        running.issue(Care.request(challenges, "example.com"), journal);

        assertThat(folder.resolve("key.pem")).hasBinaryContent(key);
        issueAt(with(null, null, null));
        assertThat(ca.count("/account")).isEqualTo(1);
    }

    /** An operator who takes the address out of the configuration may not be told of others' trouble any more. */
    @Test
    void removedContactIsToldOnce() throws Exception {
        issueAt(with(null, null, null));
        assertThat(ca.contacts()).hasSize(1);

        AcmeIssuer nobody = issuer(with(null, null, null), null, PATIENCE);
        nobody.issue(Care.request(challenges, "example.com"), journal);
        nobody.issue(Care.request(challenges, "example.com"), journal);
        issuer(with(null, null, null), null, PATIENCE).issue(Care.request(challenges, "example.com"), journal);

        assertThat(ca.contacts()).isEmpty();
        assertThat(ca.payloads("/account/1").stream().filter(request -> request.has("contact")))
                .hasSize(1);
    }

    @Test
    void contactThatIsRefusedCostsNoCertificate() throws Exception {
        issueAt(with(null, null, null));
        ca.fault("/account/1", (exchange, count) -> count == 2 && FakeCa.problem(exchange, 400, "invalidContact"));
        AcmeIssuer issuer = issuer(with(null, null, null), "new@example.com", PATIENCE);

        issuer.issue(Care.request(challenges, "example.com"), journal);
        issuer.issue(Care.request(challenges, "example.com"), journal);

        assertThat(ca.count("/account/1")).as("looked at and told, once").isEqualTo(2);
    }

    @Test
    void showingTheAccountRegistersNone() throws Exception {
        IssuerAccount account = issuer(ca.directory()).account().orElseThrow();

        IssuerAccount.State none = account.show();
        issue();
        IssuerAccount.State registered =
                issuer(ca.directory()).account().orElseThrow().show();

        assertThat(none)
                .isEqualTo(new IssuerAccount.State("fake", ca.directory().toString(), null, java.util.List.of(), null));
        assertThat(registered.url()).isEqualTo(ca.account());
        assertThat(registered.contacts()).containsExactly("mailto:ops@example.com");
        assertThat(registered.status()).isEqualTo("valid");
        assertThat(ca.count("/account")).isEqualTo(1);
    }

    @Test
    void keyOfNoAccountIsNotChanged() {
        assertThatThrownBy(() -> issuer(ca.directory()).account().orElseThrow().rollover())
                .hasMessageContaining("there is no account yet");
    }

    /** The answer to the change is lost, and the CA has a slip: it says that it does not know the next key, either. */
    @Test
    void interruptedChangeOfKeysLosesNoKeyWhileTheCaKnowsNeither() throws Exception {
        issue();
        PrivateKey old = store.account("fake").readKey().orElseThrow();
        ca.fault("/key-change", (exchange, count) -> FakeCa.plain(exchange, 500, "1"));
        assertThatThrownBy(() -> issuer(ca.directory()).account().orElseThrow().rollover())
                .isInstanceOf(IssueFailure.class);
        PrivateKey next = store.account("fake").readNextKey().orElseThrow();
        ca.fault("/account", (exchange, count) -> FakeCa.problem(exchange, 400, "accountDoesNotExist"));

        assertThat(failure())
                .hasMessageContaining("by neither key.pem nor key-next.pem in "
                        + store.account("fake").describe())
                .hasMessageContaining("both are kept");
        assertThat(store.account("fake").readKey()).contains(old);
        assertThat(store.account("fake").readNextKey()).contains(next);

        ca.fault("/account", (exchange, count) -> false);
        issue();
        assertThat(store.account("fake").readKey()).contains(next);
        assertThat(store.account("fake").readNextKey()).isEmpty();
        assertIsPrivate("key-replaced.pem");
    }

    @Test
    void nextKeyIsPutAsideOnlyWhereTheCaKnowsTheOldOne() throws Exception {
        issue();
        PrivateKey old = store.account("fake").readKey().orElseThrow();
        store.account("fake").writeNextKey(Keys.generate(KeyType.EC_P256).getPrivate());
        ca.fault("/account", (exchange, count) -> count == 2 && FakeCa.problem(exchange, 400, "accountDoesNotExist"));

        issue();

        assertThat(ca.count("/account"))
                .as("registered, then asked of each key")
                .isEqualTo(3);
        assertThat(store.account("fake").readKey()).contains(old);
        assertThat(store.account("fake").readNextKey()).isEmpty();
        assertIsPrivate("key-refused.pem");
    }

    private void assertIsPrivate(String file) throws Exception {
        assertThat(Files.getPosixFilePermissions(
                        directory.resolve("certs/accounts/fake").resolve(file)))
                .containsExactlyInAnyOrder(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    }

    @Test
    void stagingHasAnAccountOfItsOwnAndNoExternalOne() throws Exception {
        AcmeDirectory production = new AcmeDirectory(
                "letsencrypt",
                URI.create("http://127.0.0.1:1/dir"),
                null,
                new ExternalAccount("kid", directory.resolve("none")),
                null,
                "Some Root",
                ca.directory(),
                RateLimits.LETSENCRYPT);
        AcmeIssuer issuer = issuer(production);

        var staging = issuer.staging().orElseThrow();
        staging.issue(Care.request(challenges, "example.com"), journal);

        assertThat(staging.name()).isEqualTo("letsencrypt-staging");
        assertThat(staging.limits()).isEqualTo(RateLimits.LETSENCRYPT_STAGING);
        assertThat(issuer.staging()).containsSame(staging);
        assertThat(staging.staging()).isEmpty();
        assertThat(store.account("letsencrypt-staging").readKey()).isPresent();
        assertThat(store.account("letsencrypt").readKey()).isEmpty();
        assertThat(issuer(ca.directory()).staging()).isEmpty();
    }

    /** Users' trouble: the CA had deactivated the account, and nothing but removing files by hand helped. */
    @Test
    void deactivatedAccountIsReplacedByCommand() throws Exception {
        AcmeIssuer issuer = issuer(ca.directory());
        issuer.issue(Care.request(challenges, "example.com"), journal);
        String before = Files.readString(directory.resolve("certs/accounts/fake/key.pem"));
        ca.fault(
                "/new-order",
                (exchange, count) -> count == 2
                        && FakeCa.problem(
                                exchange, 403, "unauthorized", "Account is not valid, has status \"deactivated\""));
        journal.clear();
        assertThatThrownBy(() -> issuer.issue(Care.request(challenges, "example.com"), journal))
                .hasMessageContaining("\"postern cert account new\" registers another one");

        issuer.account().orElseThrow().replace();

        assertThat(ca.count("/account")).isEqualTo(2);
        assertThat(Files.readString(directory.resolve("certs/accounts/fake/key.pem")))
                .isNotEqualTo(before);
        assertThat(directory.resolve("certs/accounts/fake/key-replaced.pem")).hasContent(before);
        assertThat(issuer.issue(Care.request(challenges, "example.com"), journal))
                .isNotNull();
        assertThat(issuer(ca.directory()).account().orElseThrow().show().status())
                .isEqualTo("valid");
    }
}
