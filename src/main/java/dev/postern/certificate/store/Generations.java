package dev.postern.certificate.store;

import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.pki.Certificate;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The certificates that a site had, numbered from 1, and which of them is current: the one to serve. Used by one thread at a time. */
public interface Generations {
    // ---- what there is

    /**
     * The generation to serve: the one that is current, or else the newest that is whole; one that is not expired before
     * one that is. What does not fit is passed over with a line in the log.
     *
     * @param names of the site: a certificate that covers none of them belongs to another one
     */
    Optional<Generation> load(List<String> names, Instant now) throws IOException;

    /** The same, for who only looks: whatever is wrong with another generation is for the daemon to say. */
    Optional<Generation> look(List<String> names, Instant now) throws IOException;

    List<Integer> newestFirst() throws IOException;

    /** @throws CertificateException where it is not good, or for none of {@code names} */
    Certificate read(int number, List<String> names) throws IOException, CertificateException;

    /** The generation with this certificate; 0 where there is none, or it was revoked. */
    int numberOf(Certificate certificate) throws IOException;

    /** The certificate with this serial, revoked or not; empty where no generation that can be read has it. */
    Optional<Certificate> find(String serial) throws IOException;

    /** URL of the account that ordered a generation; empty where that is not known. */
    Optional<String> account(int number);

    /** Where a generation is, as an operator reads it, and the programs that an operator has told of it. */
    String describe(int number);

    /** Whether it is all there, good or not. */
    boolean isThere(int number);

    /** Whether an operator went back from it. */
    boolean isRolledBack(int number);

    // ---- adding, going back, refusing

    /** Writes a new generation and makes it current; what came before is untouched until the last step. */
    Generation store(Certificate certificate, @Nullable OrderEntry order, Instant now) throws IOException;

    /**
     * Makes the generation before this one current, which from then on is shown to nobody whom a newer one leaves out.
     *
     * @param served the generation to go back from; 0 for one that could not be written
     * @throws IOException with what is wrong with each of those before it; nothing is changed then
     */
    Generation rollback(List<String> names, int served, Instant now) throws IOException;

    /**
     * From now on this generation is refused, by this process and each after it.
     *
     * @throws IOException where the store refuses: by this process all the same, and {@link #markRevoked} tries again
     */
    void revoked(int number, RevocationReason reason) throws IOException;

    /** Marks what could not be marked when it was revoked. */
    void markRevoked();

    /** Revoked, and not marked so where it is stored: that refused. */
    Map<Integer, RevocationReason> unmarked();

    /** Takes over what is only in the memory of those that this one takes the place of. */
    void inherit(Generations before);

    /** Why the generation that came after this one is not served: it was revoked, and this is what was left. */
    Optional<String> revokedAfter(int number) throws IOException;

    // ---- keeping house

    /** Where none that there is is current, makes the one that is served so: other programs read it, too. */
    void repairCurrent(int served) throws IOException;

    /** Removes what was left unfinished, and generations as {@link #removeOld} does. */
    void cleanUp(Set<Integer> shown) throws IOException;

    /**
     * Removes the generations before the two before the current one; never those after it, to which an operator who has
     * gone back may return.
     *
     * @param shown what clients are shown besides the current one, and what therefore stays
     */
    void removeOld(Set<Integer> shown) throws IOException;
}
