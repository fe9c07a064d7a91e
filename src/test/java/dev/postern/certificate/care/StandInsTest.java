package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.operate.SiteOperations;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.CertificateSource;
import dev.postern.config.Configuration;
import dev.postern.config.KeyType;
import dev.postern.config.RouteSettings;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import dev.postern.testing.Care;
import dev.postern.testing.HandClock;
import dev.postern.testing.QueuedExecutor;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What clients are shown after a reload for names whose site has no certificate of its own yet: what they were shown
 * before, as long as that is good and for these names; few sites are read by the reload itself, many after it.
 */
@SuppressWarnings("NullAway") // A null fails the test, which is what it is for.
@ParameterizedClass(name = "{0} sites read at once")
@ValueSource(ints = {200, 0})
class StandInsTest {
    private static final Instant START = Instant.parse("2027-01-01T00:00:00Z");
    private static final Duration LIFE = Duration.ofDays(9);
    private static final String OWN = "own.example.com";
    private static final String WWW = "www.example.com";
    private static final String OTHER = "other.example.net";

    @TempDir
    Path directory;

    @Parameter
    int readAtOnce;

    private final HandClock clock = new HandClock(START);
    private final ScriptedIssuer issuer = new ScriptedIssuer("test-ca", clock);
    private final QueuedExecutor executor = new QueuedExecutor();
    private final CertificateTable table = new CertificateTable();
    private final TestCa ca = TestCa.create();
    private Store store;
    private Renewals renewals;

    @AfterEach
    void close() {
        renewals.close();
        store.close();
    }

    // ---- sites

    private static Site site(boolean byDefault, CertificateSource source, String... names) {
        return new Site(
                List.of(names), byDefault, List.of(), source, Site.DEFAULT_CHALLENGES, null, RouteSettings.DEFAULT);
    }

    private static Site issued(String... names) {
        return site(false, CertificateSource.ISSUED, names);
    }

    private static Site of(String other, String... names) {
        return site(false, new CertificateSource.OfSite(other), names);
    }

    /** Whose operator brings a certificate for {@code names}. */
    private CertificateSource files(String... names) throws Exception {
        Path chain = directory.resolve(names[0] + ".pem");
        Path key = directory.resolve(names[0] + ".key");
        TestCa.Issued brought = ca.issue(List.of(names), clock.instant().minusSeconds(60), LIFE);
        Files.writeString(chain, Pem.of(brought.chain()));
        Files.writeString(key, Pem.of(brought.key()));
        return new Configuration.CertificateFiles(chain, key);
    }

    private void start(Site... sites) throws IOException {
        store = FileStore.open(directory.resolve("certs"));
        renewals = new Renewals(
                List.of(sites),
                KeyType.EC_P256,
                List.of(issuer),
                Care.surroundings(store, table, clock, executor),
                Duration.ofMinutes(15),
                readAtOnce);
        CompletableFuture<List<String>> read = renewals.load();
        executor.runAll();
        assertThat(read).isCompletedWithValue(List.of());
        renewals.start(new RecordedWakeUps(), Care.NOTHING_SERVED);
        executor.runAll();
    }

    private void reload(Site... sites) {
        Renewals.Next next = renewals.next(new Renewals.Remit(List.of(sites), KeyType.EC_P256, List.of(issuer)));
        assertThat(next.problems()).isEmpty();
        next.commit();
        executor.runAll();
    }

    private void noOrderSucceedsFor(String... sites) {
        for (String site : sites) {
            issuer.fail(site, new IssueFailure(IssueFailure.Fault.CA, "not now", null));
        }
    }

    private BigInteger shown(String name) {
        Certificate certificate = table.find(name);
        return certificate == null ? null : certificate.serial();
    }

    private void passes(Duration time) {
        clock.advance(time);
        renewals.sweep();
        executor.runAll();
    }

    // ---- from files to an issuer

    @Test
    void furtherNameIsShownWhatCoversItAndNothingElse() throws Exception {
        noOrderSucceedsFor(OWN);
        Site byDefault = site(true, files(OTHER), OTHER);
        start(byDefault, site(false, files(OWN, WWW), OWN));
        BigInteger brought = shown(OWN);

        reload(byDefault, issued(OWN, WWW, "new.example.net"));

        assertThat(shown(OWN)).isEqualTo(brought);
        assertThat(shown(WWW)).isEqualTo(brought);
        assertThat(shown("new.example.net"))
                .as("of a site that has nothing for it")
                .isNull();
        assertThat(shown("nobodys.example.net")).isEqualTo(shown(OTHER));
        assertThat(new SiteOperations(renewals).explain(OWN))
                .contains("certificate: none of its own")
                .filteredOn(line -> line.startsWith("older certificate: "))
                .hasSize(2)
                .allSatisfy(line ->
                        assertThat(line).contains(" is served with the one before, serial " + brought.toString(16)));
    }

    @Test
    void expiredOneIsWithdrawn() throws Exception {
        noOrderSucceedsFor(OWN);
        start(site(false, files(OWN), OWN));
        reload(issued(OWN));
        assertThat(shown(OWN)).isNotNull();

        passes(LIFE);

        assertThat(shown(OWN)).isNull();
    }

    @Test
    void ownOneTakesItsPlaceForEveryName() throws Exception {
        noOrderSucceedsFor(OWN);
        start(site(false, files(OWN), OWN));
        reload(issued(OWN, WWW));
        BigInteger brought = shown(OWN);
        assertThat(brought).isNotNull();

        issuer.recover(OWN);
        passes(Duration.ofHours(1));

        assertThat(shown(OWN)).isNotNull().isNotEqualTo(brought).isEqualTo(shown(WWW));
    }

    /** It has one of its own, though not for every name. */
    @Test
    void nameThatItsOwnOneLacksGoesOnWithWhatItHad() throws Exception {
        start(site(false, files(WWW), WWW), issued(OWN));
        BigInteger own = shown(OWN);
        BigInteger brought = shown(WWW);
        noOrderSucceedsFor(OWN);

        reload(issued(OWN, WWW));

        assertThat(shown(OWN)).isEqualTo(own);
        assertThat(shown(WWW)).isEqualTo(brought);
    }

    @Test
    void siteThatLosesANameKeepsTheOther() throws Exception {
        noOrderSucceedsFor(OWN, WWW);
        start(site(false, files(OWN, WWW), OWN, WWW));
        BigInteger brought = shown(OWN);

        reload(issued(WWW));
        assertThat(shown(WWW)).isEqualTo(brought);
        assertThat(shown(OWN)).isNull();

        // It is told apart by its first name, of which clients know nothing.
        reload(issued(OWN, WWW));
        assertThat(shown(WWW)).as("after a second reload").isEqualTo(brought);
        assertThat(shown(OWN)).isEqualTo(brought);
    }

    private CertificateStatus status(String site) {
        return renewals.status().stream()
                .filter(status -> status.site().equals(site))
                .findFirst()
                .orElseThrow();
    }

    /** Whoever sends clients here goes by what these are shown, and not by whose it is. */
    @Test
    void siteIsServedForAsLongAsSomethingStandsInForEveryName() throws Exception {
        noOrderSucceedsFor(OWN);
        start(site(true, files(OWN, WWW), OWN));
        Instant end = START.plus(LIFE).minusSeconds(60);

        reload(site(true, CertificateSource.ISSUED, OWN), of(OWN, WWW));

        assertThat(status(OWN).notAfter()).isNull();
        assertThat(status(OWN).isServed()).isTrue();
        assertThat(status(OWN).ends()).isEqualTo(end);
        assertThat(status(WWW).isServed()).as("what another site has is shown").isTrue();

        reload(site(true, CertificateSource.ISSUED, OWN, WWW, "new.example.net"), of(OWN, "gone.example.net"));
        assertThat(status(OWN).isServed()).isFalse();
        assertThat(status(OWN).unserved()).isEqualTo("own.example.com (new.example.net)");
        assertThat(status("gone.example.net").isServed()).isFalse();
        assertThat(status("gone.example.net").unserved()).isEqualTo("gone.example.net");

        passes(LIFE);
        assertThat(status(OWN).isServed()).isFalse();
        assertThat(status(OWN).unserved()).isEqualTo("own.example.com");
    }

    /** It has one, which is good, and is asked for a name that it does not cover. */
    @Test
    void siteIsNotServedWhileANameThatItGainedIsRefused() throws Exception {
        start(issued(OWN));
        assertThat(status(OWN).isServed()).isTrue();
        noOrderSucceedsFor(OWN);

        reload(issued(OWN, WWW));

        assertThat(status(OWN).notAfter()).isAfter(clock.instant());
        assertThat(status(OWN).isServed()).isFalse();
        assertThat(status(OWN).unserved()).isEqualTo("own.example.com (www.example.com)");
        issuer.recover(OWN);
        passes(Duration.ofHours(1));
        assertThat(status(OWN).isServed()).isTrue();
    }

    @Test
    void siteThatBecomesTheDefaultShowsWhatStandsInToWhoNamesNobody() throws Exception {
        noOrderSucceedsFor(OWN);
        start(site(false, files(OWN), OWN));
        BigInteger brought = shown(OWN);

        reload(site(true, CertificateSource.ISSUED, OWN));

        assertThat(shown(Site.ANY)).isEqualTo(brought);
    }

    @Test
    void clientsThatNameNobodyAreShownItStill() throws Exception {
        noOrderSucceedsFor(OWN);
        start(site(true, files(OWN), OWN));
        BigInteger brought = shown(Site.ANY);
        assertThat(brought).isNotNull();

        reload(site(true, CertificateSource.ISSUED, OWN));
        assertThat(shown(Site.ANY)).isEqualTo(brought);

        reload(site(false, CertificateSource.ISSUED, OWN));
        assertThat(shown(OWN)).isEqualTo(brought);
        assertThat(shown(Site.ANY)).isNull();

        reload(site(true, CertificateSource.ISSUED, OWN));
        assertThat(shown(Site.ANY)).as("as its own clients are").isEqualTo(brought);
    }

    // ---- from the certificate of another site

    @Test
    void siteThatSharedAnotherOnesSharesItStill() throws Exception {
        noOrderSucceedsFor(OWN);
        Site other = site(true, files(OTHER, OWN), OTHER);
        start(other, of(OTHER, OWN));
        assertThat(shown(OWN)).isNotNull().isEqualTo(shown(OTHER));

        reload(other, issued(OWN, WWW));
        assertThat(shown(OWN)).isEqualTo(shown(OTHER));
        assertThat(table.find(OWN).site()).isEqualTo(OWN);
        assertThat(table.find(OWN)).as("one object, by which contexts are kept").isSameAs(table.find(OWN));
        assertThat(shown(WWW)).isNull();

        BigInteger before = shown(OTHER);
        files(OTHER, OWN);
        passes(Duration.ofHours(1));
        renewals.wake(CertificateFiles.ALL);
        passes(Duration.ofHours(1));
        assertThat(shown(OTHER)).isNotEqualTo(before);
        assertThat(shown(OWN)).as("renewed").isEqualTo(shown(OTHER));
        passes(LIFE);
        assertThat(shown(OWN)).as("expired").isNull();
    }

    @Test
    void siteThatIsToShareOneThatIsNotThereYetKeepsWhatItHad() throws Exception {
        issuer.certifyWildcards();
        String wildcard = "*.example.com";
        noOrderSucceedsFor(wildcard);
        start(site(false, files(OWN), OWN), site(false, files(OTHER), OTHER));
        BigInteger brought = shown(OWN);
        Site[] after = {issued(wildcard), of(wildcard, OWN), of(wildcard, WWW)};

        reload(after);
        assertThat(shown(OWN)).isNotNull().isEqualTo(brought);
        assertThat(shown(WWW)).isNull();
        reload(after);
        assertThat(shown(OWN)).as("after a second reload").isEqualTo(brought);
        Certificate same = table.find(OWN);
        passes(Duration.ofHours(1));
        assertThat(table.find(OWN)).as("one object, by which contexts are kept").isSameAs(same);

        issuer.recover(wildcard);
        passes(Duration.ofHours(1));
        assertThat(shown(OWN)).isNotNull().isNotEqualTo(brought).isEqualTo(shown(WWW));
        passes(Duration.ofDays(100));
        assertThat(shown(OWN)).as("once the other is gone").isNotEqualTo(brought);
    }

    @Test
    void whatStandsInForAnotherOnesIsWithdrawnWhenItExpires() throws Exception {
        issuer.certifyWildcards();
        noOrderSucceedsFor("*.example.com");
        start(site(false, files(OWN), OWN));

        reload(issued("*.example.com"), of("*.example.com", OWN));
        assertThat(shown(OWN)).isNotNull();
        passes(LIFE);

        assertThat(shown(OWN)).isNull();
    }

    @Test
    void siteThatSharedOneThatIsGoneKeepsItUntilItExpires() throws Exception {
        noOrderSucceedsFor(OWN);
        start(site(false, files(OTHER, OWN), OTHER), of(OTHER, OWN));
        BigInteger shared = shown(OWN);

        reload(issued(OWN, WWW));

        assertThat(shown(OWN)).isEqualTo(shared);
        assertThat(shown(WWW)).isNull();
        passes(LIFE);
        assertThat(shown(OWN)).isNull();
    }

    // ---- from an issuer

    @Test
    void siteThatIsRenamedAndGetsAFurtherNameKeepsWhatItHad() throws Exception {
        start(issued(OWN));
        BigInteger own = shown(OWN);
        noOrderSucceedsFor(WWW);

        reload(issued(WWW, OWN));

        assertThat(shown(OWN)).isNotNull().isEqualTo(own);
        assertThat(shown(WWW)).isNull();
    }
}
