package dev.postern.certificate.store;

/**
 * What one holder at a time may write: a site, or an account. A holder is a {@link Store} that is open for writing; several may
 * be open on one place where its kind allows that.
 */
public interface Locker {
    /**
     * Takes the lease, or goes on having it: what the holder writes from now on is written with its token. Who writes
     * without it takes it for that one write.
     *
     * @throws NotLeader where another has it
     */
    Lease lead() throws NotLeader;
}
