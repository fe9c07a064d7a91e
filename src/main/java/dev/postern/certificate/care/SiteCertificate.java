package dev.postern.certificate.care;

import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.certificate.store.Generation;
import dev.postern.certificate.store.Generations;
import dev.postern.certificate.store.NotLeader;
import dev.postern.certificate.store.OlderGenerations;
import dev.postern.certificate.store.SiteStore;
import dev.postern.disk.DiskFailure;
import dev.postern.pki.Certificate;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate a site has: a generation on disk, or, where the disk refuses, one in memory until it can be written.
 * Part of the {@link SiteState}, and used with it.
 */
public final class SiteCertificate {
    private static final Logger LOG = LoggerFactory.getLogger(SiteCertificate.class);

    private final String site;
    private final List<String> names;
    private final SiteStore folder;

    private @Nullable Generation current;

    private OlderGenerations older = OlderGenerations.NONE;

    /** Not all of them could be read. */
    private boolean olderUnread;

    /** Why the generation after the current one was revoked; null where there is none such. */
    private @Nullable String revocation;

    /** The order that brought what is not on disk yet. */
    private @Nullable OrderEntry unsaved;

    /** Why what is not on disk yet is not; null where everything is. */
    private @Nullable String refusal;

    /** Somebody removed the folder of the site while this was served: it goes on being served, and is not written again. */
    private boolean removed;

    /** Why what is not on disk yet was revoked; null where it was not. It is never written then. */
    private @Nullable RevocationReason unsavedRevoked;

    SiteCertificate(String site, List<String> names, SiteStore folder) {
        this.site = site;
        this.names = names;
        this.folder = folder;
    }

    /** Expired or not; null where there is none. */
    @Nullable Certificate get() {
        Generation generation = current;
        return generation == null ? null : generation.certificate();
    }

    /** It, and what is shown for the names that it lacks: those that are neither expired nor revoked. */
    List<Certificate> good(Instant now) {
        List<Certificate> good = new ArrayList<>();
        Certificate served = get();
        if (served != null && unsavedRevoked == null) {
            good.add(served);
        }
        older.newestFirst().forEach(one -> good.add(one.certificate()));
        good.removeIf(one -> one.isExpired(now));
        return good;
    }

    /** What is shown for the names that it lacks. */
    public OlderGenerations older() {
        return older;
    }

    /** The same; what the disk did not give the last time is asked for again. Reads files then. */
    OlderGenerations olderNow() {
        if (olderUnread) {
            lookForOlder();
        }
        return older;
    }

    /** Of the generation; 0 where it is not on disk, or where there is none. */
    public int number() {
        Generation generation = current;
        return generation == null ? 0 : generation.number();
    }

    /** Of the generation; null where it is not on disk, or where there is none. */
    @Nullable String path() {
        return number() == 0 ? null : folder.generations().describe(number());
    }

    /** Why the certificate after this one was revoked, which this one only stands in for; null where it does not. */
    @Nullable public String standsInFor() {
        return revocation;
    }

    /** URL of the account that ordered it; null where that is not known. Reads a file. */
    @Nullable String account() {
        OrderEntry order = unsaved;
        return number() > 0
                ? folder.generations().account(number()).orElse(null)
                : order == null ? null : order.account();
    }

    /** Whether somebody removed the folder of the site, to have another certificate. */
    boolean isRemoved() {
        return removed;
    }

    /** Why the certificate is in memory only; null where it is on disk, or where there is none that is to be there. */
    @Nullable public String notOnDiskBecause() {
        return current == null || unsavedRevoked != null ? null : refusal;
    }

    /**
     * Derives it from the files, anew, and ends what a crash interrupted. What the disk has not taken yet stays, unless
     * it was revoked or somebody has put a newer one there.
     */
    void load(Instant now) {
        loadCurrent(now);
        lookForOlder();
    }

    private void loadCurrent(Instant now) {
        Certificate unwritten = number() == 0 && unsavedRevoked == null ? get() : null;
        RevocationReason revoked = unsavedRevoked;
        read(now);
        Certificate found = get();
        if (unwritten != null && (found == null || isNewer(unwritten, found))) {
            current = new Generation(0, unwritten);
            revocation = null;
            return;
        }
        unsaved = null;
        refusal = null;
        unsavedRevoked = null;
        if (revoked != null && found != null && revocation == null) {
            revocation = revoked.text();
        }
    }

    /** After anything changed what is current, or which of the others are good. */
    private void lookForOlder() {
        Generation served = current;
        try {
            older = served == null ? OlderGenerations.NONE : OlderGenerations.find(folder.generations(), names, served);
            olderUnread = !older.unread().isEmpty();
        } catch (IOException e) {
            if (!olderUnread) {
                LOG.warn(
                        "{}: reading its older certificates: {}; names that the current one lacks are not served, looked at"
                                + " again with the next sweep",
                        site,
                        DiskFailure.reason(e));
            }
            // What was known may have been revoked since.
            older = OlderGenerations.NONE;
            olderUnread = true;
        }
    }

    private static boolean isNewer(Certificate unwritten, Certificate found) {
        return !unwritten.serial().equals(found.serial())
                && !unwritten.notBefore().isBefore(found.notBefore());
    }

    /** Takes over what its predecessor could not write: the same site, after the configuration was read again. */
    void inherit(SiteCertificate before) {
        folder.generations().inherit(before.folder.generations());
        Certificate unwritten = before.number() == 0 && before.unsavedRevoked == null ? before.get() : null;
        if (unwritten != null && names.stream().anyMatch(unwritten::covers)) {
            current = new Generation(0, unwritten);
            unsaved = before.unsaved;
            refusal = before.refusal;
        }
    }

    private void read(Instant now) {
        Generations generations = folder.generations();
        current = null;
        removed = false;
        revocation = null;
        try {
            finishInstallation();
            Generation found = generations.load(names, now).orElse(null);
            current = found;
            if (found != null) {
                repairCurrent(found.number());
                revocation = generations.revokedAfter(found.number()).orElse(null);
            }
        } catch (IOException e) {
            LOG.error(
                    "{}: reading its certificates: {}; counted as none, a new one is ordered",
                    site,
                    DiskFailure.reason(e),
                    e);
        }
    }

    private void finishInstallation() throws IOException {
        try {
            folder.finishInstallation();
        } catch (NotLeader e) {
            LOG.debug("{}: an installation that was interrupted is for who leads to finish", site, e);
        }
    }

    private void repairCurrent(int served) {
        try {
            folder.generations().repairCurrent(served);
        } catch (IOException e) {
            LOG.warn("{}: {}; served all the same", site, DiskFailure.reason(e));
        }
    }

    /** Whether what came is of no use beside what there is: an order of long ago, whose journal outlived it. */
    boolean isOutdone(Certificate next, Instant now) {
        Certificate has = get();
        if (has == null) {
            return false;
        }
        // What begins in the future, by a clock that was ahead, outdoes nothing.
        boolean older = !has.notBefore().isAfter(now)
                && next.notBefore().isBefore(has.notBefore())
                && !next.notAfter().isAfter(has.notAfter())
                && names.stream().allMatch(has::covers);
        return older || next.serial().equals(has.serial());
    }

    /**
     * Takes a new certificate: on disk and the order forgotten; or, where the disk refuses, in memory only and the order
     * kept, so that a restart fetches it again and {@link #save} may write it later.
     *
     * @param by the order that brought it, where its issuer keeps a journal
     * @throws NotLeader where another holder of the store has one of its own, which is what the site has now
     */
    void install(Certificate certificate, @Nullable OrderEntry by, Instant now) throws NotLeader {
        current = new Generation(0, certificate);
        removed = false;
        revocation = null;
        unsaved = by;
        unsavedRevoked = null;
        try {
            store(certificate, now);
        } catch (NotLeader e) {
            giveWay(now);
            throw e;
        } catch (IOException e) {
            refusal = DiskFailure.reason(e);
            LOG.error(
                    "{}: writing the new certificate: {}; served from memory, written again every minute, the order is kept",
                    site,
                    DiskFailure.reason(e));
        }
        lookForOlder();
        removeOld();
    }

    /**
     * Writes what could not be written when it came.
     *
     * @return whether there was something, and it is on disk now
     */
    boolean save(Instant now) {
        folder.generations().markRevoked();
        Certificate certificate = get();
        if (certificate == null || number() > 0 || unsavedRevoked != null) {
            return false;
        }
        try {
            store(certificate, now);
            lookForOlder();
            removeOld();
            LOG.info("{}: certificate {} is on disk now", site, certificate.serialText());
            return true;
        } catch (NotLeader e) {
            LOG.warn(
                    "{}: certificate {} was in memory only and is thrown away: {}",
                    site,
                    certificate.serialText(),
                    e.getMessage());
            giveWay(now);
            return false;
        } catch (IOException e) {
            refusal = DiskFailure.reason(e);
            LOG.debug("{}: writing the new certificate", site, e);
            return false;
        }
    }

    /**
     * Before something else takes the place of the certificate: what only memory has would be lost.
     *
     * @throws IOException where the disk still refuses it
     */
    private void requireOnDisk(Instant now) throws IOException {
        if (get() != null && number() == 0 && unsavedRevoked == null && !save(now)) {
            throw new IOException(site + ": the certificate that is served is not on disk yet: " + refusal
                    + "; nothing was changed, so that it is not lost");
        }
    }

    /**
     * Looks whether the disk still has it, and writes it again where it has not: somebody swept the directory.
     *
     * @return whether that was so
     */
    boolean keepStored(Instant now) {
        Certificate certificate = get();
        if (certificate == null
                || removed
                || number() == 0
                || folder.generations().isThere(number())) {
            return false;
        }
        if (folder.wasRemoved()) {
            removed = true;
            LOG.warn(
                    "{}: its folder was removed: another certificate is ordered; the one before is served from memory until"
                            + " then, or until the next start",
                    site);
            return false;
        }
        LOG.error(
                "{}: {}: gone, while it was served; written again from memory (expected: that nobody else touches the store)",
                site,
                path());
        current = new Generation(0, certificate);
        refusal = "its files are gone";
        return save(now);
    }

    /** Another holder of the store looks after the site: what it has counts, and nothing that is in memory only. */
    private void giveWay(Instant now) {
        current = null;
        unsaved = null;
        unsavedRevoked = null;
        load(now);
    }

    private void store(Certificate certificate, Instant now) throws IOException {
        current = folder.generations().store(certificate, unsaved, now);
        folder.forget(unsaved);
        unsaved = null;
        refusal = null;
    }

    /** Adds one from elsewhere, on disk only; {@link #load} finds it. */
    int adopt(Certificate certificate, @Nullable OrderEntry ordered, Instant now) throws IOException {
        requireOnDisk(now);
        return folder.generations().store(certificate, ordered, now).number();
    }

    /** Goes back to the generation before. */
    void rollback(Instant now) throws IOException {
        requireOnDisk(now);
        current = folder.generations().rollback(names, number(), now);
        lookForOlder();
    }

    /** Removes what is of no more use on disk. */
    void cleanUp(Instant now) throws IOException {
        folder.generations().cleanUp(older.neededAt(now));
    }

    /** None that may be shown, whatever the clock says just now: the next {@link #cleanUp} removes those that have expired. */
    void removeOld() {
        try {
            folder.generations().removeOld(older.needed());
        } catch (IOException e) {
            LOG.warn("{}: removing its oldest certificates: {}; done again the next time", site, DiskFailure.reason(e));
        }
    }

    /** The generation on disk with this serial, revoked or not. */
    public Optional<Certificate> find(String serial) throws IOException {
        return folder.generations().find(serial);
    }

    /** This certificate is revoked: it is refused from now on, also where it is not the one that is served any more. */
    public void revoked(Certificate certificate, RevocationReason reason) throws IOException {
        Generation served = current;
        if (served != null
                && served.number() == 0
                && served.certificate().serial().equals(certificate.serial())) {
            // Neither may the disk take it later, nor its order bring it back.
            unsavedRevoked = reason;
            folder.forget(unsaved);
        }
        int number = folder.generations().numberOf(certificate);
        try {
            if (number > 0) {
                folder.generations().revoked(number, reason);
            }
        } finally {
            // It may have been shown for names that the current one lacks.
            lookForOlder();
        }
    }
}
