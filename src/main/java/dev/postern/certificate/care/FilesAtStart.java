package dev.postern.certificate.care;

import dev.postern.certificate.served.CertificateTable;
import dev.postern.time.CaTime;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files that operators bring, as the daemon starts: a few are read at once, thousands on every processor while the
 * listeners come up, and handshakes wait for theirs. Any that cannot be served is a reason not to start.
 */
final class FilesAtStart {
    private static final Logger LOG = LoggerFactory.getLogger(FilesAtStart.class);

    private final Collection<CertificateFiles> brought;
    private final CertificateTable table;
    private final CaTime time;
    private final SiteLoading<CertificateFiles> loading;
    private final Map<CertificateFiles, String> problems = new ConcurrentHashMap<>();
    private final CompletableFuture<List<String>> found = new CompletableFuture<>();

    FilesAtStart(Collection<CertificateFiles> brought, CertificateTable table, CaTime time) {
        this.brought = brought;
        this.table = table;
        this.time = time;
        this.loading = new SiteLoading<>(files -> files.site().name(), this::read, this::areRead);
    }

    /** Reads, and shows what it has read; done with what is wrong, one line each, in the order of the configuration. */
    CompletableFuture<List<String>> now() {
        brought.parallelStream().forEach(this::read);
        areRead();
        return found;
    }

    /** The same in the background. */
    CompletableFuture<List<String>> meanwhile(Executor executor) {
        brought.forEach(CertificateFiles::expect);
        loading.expect(brought);
        brought.forEach(files -> table.of(files.site()).expect(files.site().servedNames(), () -> loading.now(files)));
        loading.begin(executor, Runtime.getRuntime().availableProcessors());
        return found;
    }

    private void read(CertificateFiles files) {
        // Whatever happens: what was not read is not served.
        problems.put(files, "not read");
        try {
            var unused = files.load(time.instant());
            files.show(table, time.earliest());
            problems.remove(files);
        } catch (IOException e) {
            broken(files, String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            LOG.error("{}: a bug while reading its files", files.site().name(), e);
            broken(files, e.toString());
        }
    }

    private void broken(CertificateFiles files, String why) {
        problems.put(files, why);
        table.of(files.site()).withdraw(files.site().servedNames());
    }

    private void areRead() {
        List<String> lines = new ArrayList<>();
        for (CertificateFiles files : brought) {
            String problem = problems.get(files);
            if (problem != null) {
                lines.add(files.site().name() + ": " + problem);
            }
        }
        found.complete(lines);
    }

    /** Reads no more; nobody waits for it any more. */
    void close() {
        loading.close();
        boolean unused = found.cancel(false);
    }
}
