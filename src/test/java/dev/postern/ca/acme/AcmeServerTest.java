package dev.postern.ca.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.ca.acme.AcmeOptions.Transport;
import dev.postern.config.KeyType;
import dev.postern.pki.Keys;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URL;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.shredzone.acme4j.AccountBuilder;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Order;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.exception.AcmeNetworkException;
import org.shredzone.acme4j.exception.AcmeUserActionRequiredException;

/** The server as a whole, and accounts, with acme4j as the client: what it gets must be what it expects. */
class AcmeServerTest {
    private static final byte[] IPV6_LOOPBACK = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

    private final KeyPair accountKey = Keys.generate(KeyType.EC_P256);
    private final KeyPair siteKey = Keys.generate(KeyType.EC_P256);

    @TempDir
    Path directory;

    @Test
    void directoryTellsItsTerms() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            var metadata = acme.session().getMetadata();

            assertThat(metadata.getTermsOfService()).isPresent();
            assertThat(metadata.getWebsite()).isPresent();
            assertThat(metadata.getCaaIdentities()).containsExactly("localhost");
            assertThat(metadata.isExternalAccountRequired()).isFalse();
        }
    }

    @Test
    void everyKindOfAccountKeyMaySign() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            for (KeyType type : List.of(KeyType.EC_P256, KeyType.EC_P384, KeyType.RSA_2048)) {
                KeyPair key = Keys.generate(type);

                Login login = new AccountBuilder()
                        .agreeToTermsOfService()
                        .useKeyPair(key)
                        .createLogin(acme.session());

                assertThat(login.getAccount().getStatus()).isEqualTo(Status.VALID);
            }
        }
    }

    @Test
    void accountIsFoundAgainByItsUrlAndByItsKey() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            URL account = AcmeSteps.register(acme, accountKey).getAccountLocation();

            assertThat(acme.session().login(account, accountKey).getAccount().getStatus())
                    .isEqualTo(Status.VALID);
            assertThat(new AccountBuilder()
                            .onlyExisting()
                            .useKeyPair(accountKey)
                            .createLogin(acme.session())
                            .getAccountLocation())
                    .isEqualTo(account);
            assertThat(AcmeSteps.register(acme, accountKey).getAccountLocation())
                    .isEqualTo(account);
            assertThat(acme.server.counters().accounts()).isEqualTo(1);
        }
    }

    @Test
    void accountIsNotMadeUnlessItMayBe() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Session session = acme.session();

            AcmeSteps.assertRefused(
                    "accountDoesNotExist",
                    () -> new AccountBuilder()
                            .onlyExisting()
                            .useKeyPair(accountKey)
                            .createLogin(session));
            assertThatThrownBy(() -> new AccountBuilder().useKeyPair(accountKey).createLogin(session))
                    .isInstanceOf(AcmeUserActionRequiredException.class);
            AcmeSteps.assertRefused(
                    "unsupportedContact",
                    () -> new AccountBuilder()
                            .agreeToTermsOfService()
                            .addContact("tel:+123")
                            .useKeyPair(accountKey)
                            .createLogin(session));
            assertThat(acme.server.counters().accounts()).isZero();
        }
    }

    @Test
    void contactChangesAndDeactivationEndsTheAccount() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Login login = AcmeSteps.register(acme, accountKey);
            login.getAccount().modify().addEmail("second@example.com").commit();
            assertThat(login.getAccount().getContacts()).hasSize(2);

            login.getAccount().deactivate();

            AcmeSteps.assertRefused(
                    "unauthorized", () -> login.newOrder().domains("a.example").create());
            AcmeSteps.assertRefused("unauthorized", () -> AcmeSteps.register(acme, accountKey));
        }
    }

    @Test
    void restartKeepsAccountsAndTheirUrls() throws Exception {
        URL account;
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            account = AcmeSteps.register(acme, accountKey).getAccountLocation();
        }

        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Login login = acme.session().login(account, accountKey);

            assertThat(login.getAccount().getContacts()).singleElement().hasToString("mailto:ops@example.com");
            Order order = login.newOrder().domains("a.example").create();
            AcmeSteps.prove(acme, order);
            AcmeSteps.finish(order, siteKey);
            assertThat(acme.server.counters().accounts()).isZero();
        }
    }

    @Test
    void plainHttpIsSpokenWhereAskedFor() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory, options -> options.transport(Transport.HTTP))) {
            assertThat(acme.server.directory().getScheme()).isEqualTo("http");
            assertThat(AcmeSteps.register(acme, accountKey).getAccount().getStatus())
                    .isEqualTo(Status.VALID);
        }
    }

    @Test
    void ipv6AddressIsBoundAndNamed() throws Exception {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getByAddress(IPV6_LOOPBACK), 0);
        try (AcmeFixture acme = new AcmeFixture(directory, options -> options.bind(address))) {
            assertThat(AcmeSteps.register(acme, accountKey).getAccountLocation().toString())
                    .startsWith("https://[::1]:");
        }
    }

    @Test
    void othersOrdersStayPrivate() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Order order = AcmeSteps.register(acme, accountKey)
                    .newOrder()
                    .domains("a.example")
                    .create();
            KeyPair strangerKey = Keys.generate(KeyType.EC_P256);
            Login stranger = new AccountBuilder()
                    .agreeToTermsOfService()
                    .useKeyPair(strangerKey)
                    .createLogin(acme.session());

            AcmeSteps.assertRefused(
                    "unauthorized",
                    () -> stranger.bindOrder(order.getLocation()).fetch());
        }
    }

    @Test
    void changedKeyReplacesTheOldOne() throws Exception {
        KeyPair newKey = Keys.generate(KeyType.EC_P384);
        URL account;
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Login login = AcmeSteps.register(acme, accountKey);
            account = login.getAccountLocation();

            login.getAccount().changeKey(newKey);

            login.newOrder().domains("a.example").create();
            AcmeSteps.assertRefused(
                    "malformed",
                    () -> acme.session()
                            .login(account, accountKey)
                            .newOrder()
                            .domains("b.example")
                            .create());
        }
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            assertThat(acme.session().login(account, newKey).getAccount().getStatus())
                    .isEqualTo(Status.VALID);
        }
    }

    @Test
    void ordersOfAnAccountAreListed() throws Exception {
        try (AcmeFixture acme = new AcmeFixture(directory)) {
            Login login = AcmeSteps.register(acme, accountKey);
            Order order = login.newOrder().domains("a.example").create();

            var orders = login.getAccount().getOrders();

            assertThat(orders.next().getLocation()).isEqualTo(order.getLocation());
            assertThat(orders.hasNext()).isFalse();
        }
    }

    @Test
    void probeSeesEveryStepAndMayDropTheAnswer() throws Exception {
        List<AcmeRequest> steps = new CopyOnWriteArrayList<>();
        AtomicReference<AcmeRequest> dropped = new AtomicReference<>(AcmeRequest.OTHER);
        AcmeProbe probe = new AcmeProbe() {
            @Override
            public void after(AcmeRequest request, int status) {
                steps.add(request);
                if (request == dropped.get()) {
                    throw new IllegalStateException("dropped by the test");
                }
            }
        };
        try (AcmeFixture acme = new AcmeFixture(directory, options -> options.probe(probe))) {
            Login login = AcmeSteps.register(acme, accountKey);
            Order order = login.newOrder().domains("a.example").create();
            AcmeSteps.prove(acme, order);

            dropped.set(AcmeRequest.FINALIZE);
            assertThatThrownBy(() -> order.execute(siteKey)).isInstanceOf(AcmeNetworkException.class);
            dropped.set(AcmeRequest.OTHER);

            // The answer was lost, its effect was not.
            order.fetch();
            assertThat(order.getStatus()).isEqualTo(Status.VALID);
            order.getCertificate().download();
            assertThat(steps)
                    .containsSubsequence(
                            AcmeRequest.DIRECTORY,
                            AcmeRequest.NEW_NONCE,
                            AcmeRequest.NEW_ACCOUNT,
                            AcmeRequest.NEW_ORDER,
                            AcmeRequest.AUTHORIZATION,
                            AcmeRequest.CHALLENGE,
                            AcmeRequest.FINALIZE,
                            AcmeRequest.ORDER,
                            AcmeRequest.CERTIFICATE);
        }
    }
}
