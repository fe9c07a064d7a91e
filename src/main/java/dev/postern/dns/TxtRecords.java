package dev.postern.dns;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Name;

/** A way to put TXT records into the DNS. Blocks. */
interface TxtRecords {
    /**
     * Where a record is.
     *
     * @param at the name that was meant, or the one that it is an alias of
     * @param zone null where it is not known
     */
    record Place(Name at, @Nullable Name zone) {}

    /**
     * Adds one record beside those that are there; one that is there already is as good.
     *
     * @throws IOException one line for the operator
     */
    Place add(Name name, String value) throws IOException, InterruptedException;

    /** Removes this one record, and no other of the same name; one that is gone already is as good. */
    void remove(Name name, Place place, String value) throws IOException, InterruptedException;

    /** The authoritative servers of a zone, each address of each; none where they cannot be found. */
    List<Authority> authorities(Name zone);

    /** Whom to ask where no authoritative server can be reached. */
    List<InetSocketAddress> standIns() throws IOException;

    /** One address of an authoritative server. */
    record Authority(String name, InetSocketAddress address) {
        String text() {
            return name + " (" + Questions.text(address) + ")";
        }
    }
}
