package dev.postern.certificate.store.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.certificate.store.NotLeader;
import dev.postern.certificate.store.SiteStore;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.StoreInUse;
import dev.postern.disk.DurableFiles;
import dev.postern.pki.Certificate;
import dev.postern.pki.Keys;
import dev.postern.pki.Pem;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileStoreTest {
    private static final Instant NOW = Instant.parse("2027-01-01T00:00:00Z");
    private static final Duration LIFE = Duration.ofDays(90);

    @TempDir
    Path directory;

    private final TestCa ca = TestCa.create();
    private Path root;
    private Path folder;
    private Store store;

    @BeforeEach
    void open() throws IOException {
        root = directory.resolve("certs");
        folder = root.resolve("example.com");
        store = FileStore.open(root);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private SiteStore site() {
        return store.site("example.com");
    }

    private Certificate certificate(Instant from) throws Exception {
        TestCa.Issued issued = ca.issue(List.of("example.com"), from, LIFE);
        return Certificate.of("example.com", "test", issued.key(), issued.chain());
    }

    private Certificate stored(Instant from) throws Exception {
        Certificate certificate = certificate(from);
        site().generations().store(certificate, null, NOW);
        site().generations().removeOld(Set.of());
        return certificate;
    }

    private Certificate loaded() throws IOException {
        return site().generations()
                .load(List.of("example.com"), NOW)
                .orElseThrow()
                .certificate();
    }

    @Test
    void whatIsStoredIsLoaded() throws Exception {
        Certificate stored = stored(NOW);

        assertThat(loaded().chain()).isEqualTo(stored.chain());
        assertThat(loaded().issuer()).isEqualTo("test");
        assertThat(Keys.fit(loaded().key(), stored.leaf().getPublicKey())).isTrue();
    }

    @Test
    void otherProgramsReadCurrent() throws Exception {
        Certificate stored = stored(NOW);

        Path current = folder.resolve("current");
        assertThat(Files.readSymbolicLink(current)).isEqualTo(Path.of("1"));
        assertThat(Pem.readCertificates(Files.readString(current.resolve("fullchain.pem"))))
                .isEqualTo(stored.chain());
        assertThat(Files.readString(current.resolve("cert.pem")) + Files.readString(current.resolve("chain.pem")))
                .isEqualTo(Files.readString(current.resolve("fullchain.pem")));
        assertThat(Files.readString(current.resolve("privkey.pem"))).startsWith("-----BEGIN PRIVATE KEY-----\n");
        assertThat(current.resolve("meta.json")).content().contains("\"issuer\": \"test\"");
    }

    @Test
    void onlyTheOwnerCanReadKeysAndFolders() throws Exception {
        stored(NOW);
        store.account("test").writeKey(TestCa.newKeys().getPrivate());
        site().journal("test").write(new OrderEntry("test", "a", List.of("example.com"), "o", "key", null));

        assertThat(mode(folder.resolve("1/privkey.pem"))).isEqualTo("rw-------");
        assertThat(mode(folder.resolve("order.json"))).isEqualTo("rw-------");
        assertThat(mode(root.resolve("accounts/test/key.pem"))).isEqualTo("rw-------");
        for (String path : List.of("", "example.com", "example.com/1", "accounts", "accounts/test")) {
            assertThat(mode(root.resolve(path))).as(path).isEqualTo("rwx------");
        }
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void twoGenerationsBeforeTheCurrentOneStay() throws Exception {
        for (int i = 0; i < 5; i++) {
            stored(NOW);
        }

        assertThat(folder).isDirectoryNotContaining("glob:**/{1,2}");
        for (String kept : List.of("3", "4", "5")) {
            assertThat(folder.resolve(kept)).isDirectory();
        }
        assertThat(Files.readSymbolicLink(folder.resolve("current"))).isEqualTo(Path.of("5"));
    }

    /** What users of other programs lost their sites to: power loss, full disks, a helping hand. */
    @ParameterizedTest(name = "{0} {1}: the generation before is used")
    @CsvSource({
        "truncate, privkey.pem", "truncate, cert.pem", "truncate, chain.pem", "truncate, fullchain.pem",
        "empty, privkey.pem", "empty, fullchain.pem", "delete, privkey.pem", "delete, fullchain.pem",
        "delete, chain.pem", "swap, privkey.pem", "swap, cert.pem", "swap, fullchain.pem"
    })
    void damagedGenerationIsRefused(String damage, String file) throws Exception {
        Certificate before = stored(NOW);
        stored(NOW);
        Path damaged = folder.resolve("2").resolve(file);
        String text = Files.readString(damaged);
        switch (damage) {
            case "truncate" -> Files.writeString(damaged, text.substring(0, text.length() / 2));
            case "empty" -> Files.writeString(damaged, "");
            case "delete" -> Files.delete(damaged);
            default ->
                Files.writeString(damaged, Files.readString(folder.resolve("1").resolve(file)));
        }

        assertThat(loaded().serial()).isEqualTo(before.serial());
    }

    @Test
    void keyAndChainOfDifferentGenerationsAreRefused() throws Exception {
        stored(NOW);
        Files.writeString(
                folder.resolve("1/privkey.pem"), Pem.of(TestCa.newKeys().getPrivate()));

        assertThat(site().generations().load(List.of("example.com"), NOW)).isEmpty();
    }

    /** Users' trouble: a flag said "finished", the files were missing, and nothing was renewed: what is there decides. */
    @ParameterizedTest
    @ValueSource(strings = {"missing", "dangling", "no number"})
    void withoutCurrentTheNewestGoodGenerationIsUsed(String current) throws Exception {
        stored(NOW);
        Certificate newest = stored(NOW);
        Path link = folder.resolve("current");
        Files.delete(link);
        switch (current) {
            case "dangling" -> Files.createSymbolicLink(link, Path.of("7"));
            case "no number" -> Files.createSymbolicLink(link, Path.of("../other"));
            default -> {}
        }

        assertThat(loaded().serial()).isEqualTo(newest.serial());
    }

    @Test
    void currentThatPointsToAnOlderGenerationIsRespected() throws Exception {
        Certificate older = stored(NOW);
        stored(NOW);
        Files.delete(folder.resolve("current"));
        Files.createSymbolicLink(folder.resolve("current"), Path.of("1"));

        assertThat(loaded().serial()).isEqualTo(older.serial());
    }

    @Test
    void expiredGenerationIsUsedOnlyWhereThereIsNoOther() throws Exception {
        Certificate good = stored(NOW);
        stored(NOW.minus(LIFE).minusSeconds(1));
        assertThat(loaded().serial()).isEqualTo(good.serial());

        assertThat(site().generations()
                        .load(List.of("example.com"), NOW.plus(LIFE).plusSeconds(1))
                        .orElseThrow()
                        .certificate()
                        .isExpired(NOW))
                .as("for the operator to see; it is not served")
                .isTrue();
    }

    @Test
    void keyThatOthersCanReadIsUsedAllTheSame() throws Exception {
        Certificate stored = stored(NOW);
        Files.setPosixFilePermissions(folder.resolve("1/privkey.pem"), PosixFilePermissions.fromString("rw-r--r--"));

        assertThat(loaded().serial()).isEqualTo(stored.serial());
    }

    @Test
    void leftoversOfACrashAreRemovedAtOpen() throws Exception {
        stored(NOW);
        Files.createDirectories(folder.resolve(".new-2"));
        Files.writeString(folder.resolve(".new-2/privkey.pem"), "half");
        Files.writeString(folder.resolve(".new-order.json"), "{");
        Files.createSymbolicLink(folder.resolve(".new-current"), Path.of("2"));
        store.close();

        store = FileStore.open(root);

        for (String leftover : List.of(".new-2", ".new-order.json", ".new-current")) {
            assertThat(Files.exists(folder.resolve(leftover), LinkOption.NOFOLLOW_LINKS))
                    .as(leftover)
                    .isFalse();
        }
        assertThat(loaded()).isNotNull();
    }

    /** Killed between the two renames: the generation is whole, but current names the one before. */
    @Test
    void interruptedInstallationIsFinished() throws Exception {
        stored(NOW);
        Certificate next = stored(NOW);
        Files.delete(folder.resolve("current"));
        Files.createSymbolicLink(folder.resolve("current"), Path.of("1"));
        site().journal("test")
                .write(new OrderEntry("test", "a", List.of("example.com"), "o", Pem.of(next.key()), null));

        site().finishInstallation();

        assertThat(loaded().serial()).isEqualTo(next.serial());
        assertThat(site().journal("test").read()).isEmpty();
    }

    @Test
    void orderInFlightIsKeptByFinishInstallation() throws Exception {
        stored(NOW);
        OrderEntry entry = new OrderEntry(
                "test",
                "a",
                List.of("example.com"),
                "o",
                Pem.of(TestCa.newKeys().getPrivate()),
                null);
        site().journal("test").write(entry);

        site().finishInstallation();

        assertThat(site().journal("test").read()).contains(entry);
    }

    /** In an emergency: the certificate that the first issuer may have issued can still be fetched. */
    @Test
    void orderOfOneIssuerIsNotForgottenForAnother() throws Exception {
        OrderEntry first = new OrderEntry("test", "a", List.of("example.com"), "o", "key", null);
        OrderEntry second = new OrderEntry("other", "b", List.of("example.com"), "p", null, null);
        site().journal("test").write(first);

        assertThat(site().journal("other").read()).isEmpty();
        site().journal("other").clear();
        site().journal("other").write(second);

        assertThat(site().journal("test").read()).contains(first);
        assertThat(site().journal("other").read()).contains(second);
        assertThat(folder.resolve("order-other.json")).exists();
        site().journal("test").clear();
        assertThat(site().journal("other").read()).contains(second);
        assertThat(site().journal("test").read()).isEmpty();
    }

    @Test
    void onlyTheOrderThatIsMeantIsForgotten() throws Exception {
        OrderEntry next = new OrderEntry("test", "a", List.of("example.com"), "o2", null, null);
        site().journal("test").write(next);

        site().forget(new OrderEntry("test", "a", List.of("example.com"), "o1", "key", null));

        assertThat(site().journal("test").read()).contains(next);
    }

    /** A backup that was restored by a program that follows links. */
    @Test
    void directoryInThePlaceOfCurrentIsMovedAside() throws Exception {
        stored(NOW);
        Path current = folder.resolve("current");
        Files.delete(current);
        Files.createDirectory(current);
        Files.writeString(current.resolve("cert.pem"), "restored");

        stored(NOW);

        assertThat(Files.readSymbolicLink(current)).isEqualTo(Path.of("2"));
        assertThat(folder.resolve("current.old-1/cert.pem")).hasContent("restored");
    }

    @Test
    void certificateThatIsWrittenAlreadyIsNotWrittenAgain() throws Exception {
        Certificate certificate = stored(NOW);
        Files.delete(folder.resolve("current"));

        site().generations().store(certificate, null, NOW);

        assertThat(folder.resolve("2")).doesNotExist();
        assertThat(Files.readSymbolicLink(folder.resolve("current"))).isEqualTo(Path.of("1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"missing", "dangling", "directory"})
    void currentThatNamesNothingIsRepaired(String damage) throws Exception {
        stored(NOW);
        Path current = folder.resolve("current");
        Files.delete(current);
        switch (damage) {
            case "dangling" -> Files.createSymbolicLink(current, Path.of("7"));
            case "directory" -> Files.createDirectory(current);
            default -> {}
        }

        site().generations().repairCurrent(1);

        assertThat(Files.readSymbolicLink(current)).isEqualTo(Path.of("1"));
    }

    @Test
    void folderThatIsClosedToUsIsPassedOver() throws Exception {
        Path closed = Files.createDirectory(root.resolve("lost+found"));
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
        store.close();

        store = FileStore.open(root);

        assertThat(store.isWritable()).isTrue();
    }

    @ParameterizedTest(name = "{0}: passing {1}")
    @CsvSource({
        "No space left on device, true",
        "Disk quota exceeded, true",
        "Too many open files, true",
        "Read-only file system, false",
        "Permission denied, false"
    })
    void fullDiskIsNoMistakeInTheConfiguration(String reason, boolean passing) {
        IOException failure = new IOException("certs: cannot be written", new FileSystemException("f", null, reason));

        assertThat(FileStore.isPassing(failure)).isEqualTo(passing);
    }

    @Test
    void damagedOrderIsCountedAsNone() throws Exception {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("order.json"), "{\"issuer\": \"x\"");

        assertThat(site().journal("test").read()).isEmpty();
    }

    /** Users' trouble: two programs with one store spoilt its files and their locks. */
    @Test
    void storeIsNeverShared() throws Exception {
        assertThatThrownBy(() -> FileStore.open(root))
                .isInstanceOfSatisfying(
                        IOException.class,
                        e -> assertThat(FileStore.isPassing(e)).isTrue())
                .hasMessageStartingWith(root + ": the certificate store is in use by another postern");

        assertThat(FileStore.openReadOnly(root).isInUse()).isTrue();
    }

    /** Users' trouble: a store that kept nothing was noticed when the CA was down, by a site without a certificate. */
    @Test
    void storeThatCannotBeWrittenIsRefusedInOneLine() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "not a directory");

        assertThatThrownBy(() -> FileStore.open(file.resolve("certs")))
                .hasMessage(file.resolve("certs") + ": the certificate store cannot be written: not a directory");
        assertThatThrownBy(() -> FileStore.open(Path.of("/proc/certs")))
                .hasMessageStartingWith("/proc/certs: the certificate store cannot be written: ");
    }

    @ParameterizedTest(name = "{0} → {1}")
    @CsvSource({
        "example.com, example.com",
        "*.example.com, _.example.com",
        "../../etc, %2e.%2f..%2fetc",
        "a/b, a%2fb",
        ".hidden, %2ehidden"
    })
    void siteNamesAreSafeFileNames(String site, String file) {
        assertThat(StoreNames.of(site)).isEqualTo(file);
    }

    @Test
    void siteCalledAccountsIsNotAmongTheAccounts() throws Exception {
        store.site("accounts").generations().store(certificate(NOW), null, NOW);

        assertThat(root.resolve("accounts_/1/cert.pem")).exists();
    }

    /** Such a name is as good as any other; its folder was where a socket or a file of the store has to be. */
    @ParameterizedTest
    @ValueSource(strings = {"control.sock", "sticky.secret"})
    void siteCalledAsAFileOfTheStoreHasAFolderOfItsOwn(String name) throws Exception {
        store.site(name).generations().store(certificate(NOW), null, NOW);

        assertThat(root.resolve(name + "_").resolve("1/cert.pem")).exists();
        assertThat(root.resolve(name)).doesNotExist();
        assertThat(store.site(name).generations().load(List.of("example.com"), NOW))
                .isPresent();
    }

    /** Somebody copied the wrong folder: key and chain fit each other, but they are for another site. */
    @Test
    void certificateOfAnotherSiteIsRefused() throws Exception {
        Certificate own = stored(NOW);
        TestCa.Issued issued = ca.issue(List.of("other.example.org"), NOW, LIFE);
        site().generations().store(Certificate.of("example.com", "test", issued.key(), issued.chain()), null, NOW);

        assertThat(loaded().serial()).isEqualTo(own.serial());
    }

    @Test
    void certificateThatCoversOneOfTheNamesIsUsed() throws Exception {
        Certificate own = stored(NOW);

        assertThat(site().generations()
                        .load(List.of("new.example.com", "example.com"), NOW)
                        .orElseThrow()
                        .certificate()
                        .serial())
                .isEqualTo(own.serial());
    }

    /** A restore that kept one file too many: the leaf of another generation, whose chain is the same. */
    @Test
    void leafOfAnotherGenerationIsRefused() throws Exception {
        Certificate before = stored(NOW);
        stored(NOW);
        stored(NOW);
        Files.delete(folder.resolve("2/privkey.pem"));
        for (String file : List.of("cert.pem", "chain.pem", "fullchain.pem")) {
            Files.writeString(
                    folder.resolve("3").resolve(file),
                    Files.readString(folder.resolve("2").resolve(file)));
        }

        assertThat(loaded().serial()).isEqualTo(before.serial());
    }

    @ParameterizedTest
    @ValueSource(strings = {"privkey.pem", "cert.pem", "chain.pem", "fullchain.pem"})
    void fileThatCannotBeReadIsAsGoodAsMissing(String file) throws Exception {
        Certificate before = stored(NOW);
        stored(NOW);
        Path damaged = folder.resolve("2").resolve(file);
        Files.delete(damaged);
        // Root reads whatever the mode says: a directory in its place is unreadable for everybody.
        Files.createDirectory(damaged);

        assertThat(loaded().serial()).isEqualTo(before.serial());
    }

    // ---- going back

    @Test
    void rollbackServesTheGenerationBeforeAlsoAfterARestart() throws Exception {
        Certificate first = stored(NOW);
        stored(NOW);

        assertThat(site().generations().rollback(List.of("example.com"), 2, NOW).number())
                .isEqualTo(1);

        assertThat(Files.readSymbolicLink(folder.resolve("current"))).isEqualTo(Path.of("1"));
        assertThat(loaded().serial()).isEqualTo(first.serial());
        assertThat(site().generations().store(certificate(NOW), null, NOW).number())
                .isEqualTo(3);
    }

    @Test
    void rollbackPassesOverWhatIsNotGood() throws Exception {
        Certificate good = stored(NOW);
        stored(NOW.minus(LIFE).minusSeconds(1));
        stored(NOW);
        stored(NOW);
        Files.writeString(folder.resolve("3/privkey.pem"), "");
        site().generations().rollback(List.of("example.com"), 4, NOW.minusSeconds(2));
        assertThat(Files.readSymbolicLink(folder.resolve("current"))).isEqualTo(Path.of("2"));

        assertThatThrownBy(() -> site().generations().rollback(List.of("example.com"), 3, NOW))
                .hasMessageStartingWith(folder + ": there is no good generation before 3; 2: expired on ");
        assertThat(good).isNotNull();
    }

    @Test
    void revokedGenerationIsNeverServedAgain() throws Exception {
        Certificate first = stored(NOW);
        Certificate second = stored(NOW);
        stored(NOW);

        site().generations().revoked(site().generations().numberOf(second), RevocationReason.KEY_COMPROMISE);

        assertThat(folder.resolve("2/revoked")).hasContent("key-compromise");
        assertThat(site().generations()
                        .rollback(List.of("example.com"), 3, NOW)
                        .certificate()
                        .serial())
                .isEqualTo(first.serial());
        Files.delete(folder.resolve("current"));
        Files.createSymbolicLink(folder.resolve("current"), Path.of("2"));
        assertThat(loaded().serial()).isNotEqualTo(second.serial());
    }

    @Test
    void cleanUpKeepsCurrentTwoBeforeItAndWhatCameAfter() throws Exception {
        for (int i = 0; i < 3; i++) {
            stored(NOW);
        }
        for (String copy : List.of("4", "5", "6")) {
            Files.createDirectory(folder.resolve(copy));
        }
        Files.delete(folder.resolve("current"));
        Files.createSymbolicLink(folder.resolve("current"), Path.of("5"));
        Files.writeString(folder.resolve(".new-order.json"), "{");

        site().generations().cleanUp(Set.of());

        assertThat(folder).isDirectoryNotContaining("glob:**/{1,2,.new-order.json}");
        for (String kept : List.of("3", "4", "5", "6")) {
            assertThat(folder.resolve(kept)).isDirectory();
        }
        Files.delete(folder.resolve("current"));
        site().generations().cleanUp(Set.of());
        assertThat(folder.resolve("3")).as("nobody knows what is current").isDirectory();
    }

    /** Users' trouble: on NFS the metadata was damaged and the lock files were empty, and nothing had warned of it. */
    @ParameterizedTest
    @CsvSource({
        "nfs, true",
        "nfs4, true",
        "cifs, true",
        "9p, true",
        "fuse.sshfs, true",
        "ext4, false",
        "tmpfs, false",
        "overlay, false",
        "fuse.gocryptfs, false"
    })
    void fileSystemThatSeveralHostsMayUseIsToldFromALocalOne(String type, boolean isShared) {
        assertThat(SharedDisk.isShared(type)).isEqualTo(isShared);
    }

    /** The same trouble: what was written must be what is read back. */
    @Test
    void whatIsNotReadBackAsItWasWrittenIsRefused() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "writ");

        assertThatThrownBy(() -> DurableFiles.verify(file, "written"))
                .hasMessage(file + ": what was written is not what is read back; the disk is not to be trusted");
        DurableFiles.verify(file, "writ");

        DurableFiles.replace(file, "half a surrogate: \ud83d");
        assertThat(file).content().isEqualTo("half a surrogate: ?");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense", "-7", "9223372036854775807", "99999999999999999999", "4611686018427387903"})
    void leaseThatIsDamagedKeepsNobodyFromWriting(String text) throws Exception {
        Path lease = root.resolve(".lease");
        Files.writeString(lease, text);
        stored(NOW);
        long first = Long.parseLong(Files.readString(lease).trim());
        assertThat(first).isPositive();
        store.close();
        Files.writeString(lease, text);

        store = FileStore.open(root);

        stored(NOW.plusSeconds(1));
        assertThat(Long.parseLong(Files.readString(lease).trim()))
                .as("as high as any before")
                .isGreaterThanOrEqualTo(first);
        String second = Files.readString(lease);
        Files.delete(lease);
        stored(NOW.plusSeconds(2));
        assertThat(lease).content().isEqualTo(second);
    }

    private void sweepMarks() throws IOException {
        Files.delete(root.resolve(".lock"));
        Files.delete(root.resolve(".lease"));
    }

    /** A job that cleans up removed them under a daemon that went on: it has the store as before, unless somebody came. */
    @Test
    void whoeverHasTheStoreKeepsOthersOutAgainAfterItsMarksWereRemoved() throws Exception {
        String lease = Files.readString(root.resolve(".lease"));
        sweepMarks();

        try (CapturedLog log = CapturedLog.begin()) {
            store.lookAfter(NOW);
            store.lookAfter(NOW.plusSeconds(60));
            assertThat(log.lines(".lock: was removed; made again")).hasSize(1);
        }

        assertThatThrownBy(() -> FileStore.open(root)).isInstanceOf(StoreInUse.class);
        assertThat(root.resolve(".lease")).content().isEqualTo(lease);
        stored(NOW);
        sweepMarks();
        stored(NOW.plusSeconds(1));
        assertThatThrownBy(() -> FileStore.open(root)).isInstanceOf(StoreInUse.class);
    }

    @Test
    void whoeverCameFirstSaysLoudlyThatAnotherHasTakenOverAndTheOtherIsNotRefused() throws Exception {
        sweepMarks();
        try (FileStore second = FileStore.open(root);
                CapturedLog log = CapturedLog.begin()) {
            store.lookAfter(NOW);
            store.lookAfter(NOW.plusSeconds(60));
            assertThat(log.lines("ERROR"))
                    .singleElement()
                    .asString()
                    .contains("another postern has taken it over; nothing is written here any more");
            assertThatThrownBy(() -> stored(NOW)).isInstanceOf(NotLeader.class);
            second.site("example.com").write(RenewalHistory.NONE);
        }
        assertThatThrownBy(() -> stored(NOW)).as("what it knows is of before").isInstanceOf(NotLeader.class);
    }

    /** Users' trouble: a lock file that a crash had left made others wait for ever, and log without end. */
    @Test
    void lockFileThatACrashLeftKeepsNobodyOut() throws Exception {
        store.close();
        Files.writeString(root.resolve(".lock"), "4711 gone-host\n");

        store = FileStore.open(root);

        assertThat(store.isInUse()).isTrue();
    }

    @Test
    void folderInThePlaceOfTheLeaseIsFoundBeforeAStart() throws Exception {
        Path other = Files.createDirectories(directory.resolve("other"));
        Files.createDirectories(other.resolve(".lease"));

        assertThat(FileStore.problems(other, List.of()))
                .containsExactly(other + ": the certificate store cannot be written: .lease: is a directory");
        assertThatThrownBy(() -> FileStore.open(other)).isInstanceOf(IOException.class);
    }
}
