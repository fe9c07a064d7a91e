package dev.postern.backend;

import dev.postern.config.ServerTls;
import dev.postern.disk.WatchedFile;
import dev.postern.machine.MachineErrors;
import dev.postern.trust.TlsToServers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the files that say who servers have to be, and who we are, when they are replaced: whoever replaces two of them does
 * so one after the other, and until they fit each other what was read before holds. One thread at a time; blocks.
 */
final class TlsFiles {
    private static final Logger LOG = LoggerFactory.getLogger(TlsFiles.class);

    private final Map<Path, WatchedFile> watched = new HashMap<>();
    /** What was said of a backend last, and has not been mended since. */
    private final Map<Backend, String> complaints = new HashMap<>();

    void look(Collection<Backend> backends) {
        try {
            Set<Path> wanted = new HashSet<>();
            backends.forEach(backend -> wanted.addAll(files(backend)));
            watched.keySet().retainAll(wanted);
            complaints.keySet().retainAll(backends);
            Set<Path> changed = new HashSet<>();
            for (Path file : wanted) {
                if (watched.computeIfAbsent(file, WatchedFile::new).hasChanged()) {
                    changed.add(file);
                }
            }
            if (changed.isEmpty() && complaints.isEmpty()) {
                return;
            }
            for (Backend backend : backends) {
                if (complaints.containsKey(backend) || files(backend).stream().anyMatch(changed::contains)) {
                    read(backend);
                }
            }
        } catch (RuntimeException | Error e) {
            MachineErrors.check(e);
            // Whatever it was: a schedule that throws is never run again.
            LOG.error("files of tls of backends: bug", e);
        }
    }

    private static List<Path> files(Backend backend) {
        ServerTls tls = backend.config().tls();
        List<Path> files = new ArrayList<>();
        if (tls != null && tls.caFile() != null) {
            files.add(tls.caFile().file());
        }
        if (tls != null && tls.certificate() != null) {
            files.add(tls.certificate().chain().file());
            files.add(tls.certificate().key().file());
        }
        return files;
    }

    private void read(Backend backend) {
        ServerTls before = backend.config().tls();
        if (before == null) {
            return;
        }
        try {
            ServerTls now = TlsToServers.readAgain(before);
            if (!now.equals(before) && backend.follow(before, now)) {
                LOG.info("backend {}: tls: files have changed; read again", backend.name());
            }
            complaints.remove(backend);
        } catch (IOException e) {
            String what = String.valueOf(e.getMessage());
            if (!Objects.equals(complaints.put(backend, what), what)) {
                LOG.warn("backend {}: tls: {}; what was read before holds", backend.name(), what);
            }
        }
    }
}
