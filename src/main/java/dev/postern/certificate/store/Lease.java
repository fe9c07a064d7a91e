package dev.postern.certificate.store;

/**
 * The right to write for a site or an account, until it is closed, or has run out and another has taken it. Whoever was
 * held up for so long does not know: therefore each write carries the token of its lease, and one that is not the newest
 * changes nothing ({@link NotLeader}). Any thread.
 */
public interface Lease extends AutoCloseable {
    /** The fencing token: greater than that of every holder before. */
    long token();

    /**
     * Before something is begun of which every write would be refused.
     *
     * @throws NotLeader where another has taken it since
     */
    void require() throws NotLeader;

    /** Others may take it. */
    @Override
    void close();
}
