package dev.postern.app;

import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.StoreInUse;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.Configuration;
import dev.postern.disk.DiskFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The store that a configuration names: here alone is known that it is a folder, {@code acme.store}. */
public final class ConfiguredStore {
    private static final Logger LOG = LoggerFactory.getLogger(ConfiguredStore.class);

    private ConfiguredStore() {}

    /**
     * For the daemon.
     *
     * @throws StoreInUse where another process has it
     * @throws IOException with one line for the operator: where, and the reason
     */
    static Store open(Configuration config) throws IOException {
        return FileStore.open(config.acme().store());
    }

    /** To look at it, beside a daemon that uses it; everything that writes fails. */
    public static Store reading(Configuration config) {
        return FileStore.openReadOnly(config.acme().store());
    }

    /**
     * Why it could not be opened for the daemon, found out without leaving a trace and beside whoever has it; one line
     * each.
     */
    public static List<String> problems(Configuration config, List<String> sites) {
        return FileStore.problems(config.acme().store(), sites);
    }

    /**
     * Whether a failure to open it ends by itself or by a hand that does not touch the configuration: another process has
     * it, or there is no room.
     */
    static boolean isPassing(IOException failure) {
        return FileStore.isPassing(failure);
    }

    /** Where the files of the CA are that is our own. */
    static Path internalCa(Configuration config) {
        return FileStore.internalCa(config.acme().store());
    }

    /** Gives what a command has made in it to whom the store belongs. */
    static void giveToOwner(Configuration config) {
        Path store = config.acme().store();
        if (Files.isDirectory(store)) {
            try {
                FileStore.giveToOwner(store);
            } catch (IOException e) {
                LOG.warn("{}: {}; the daemon may not be able to read it", store, DiskFailure.reason(e));
            }
        }
    }
}
