package dev.postern.certificate.store.files;

import com.google.gson.JsonParser;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.certificate.store.Generations;
import dev.postern.certificate.store.Lease;
import dev.postern.certificate.store.NotLeader;
import dev.postern.certificate.store.SiteStore;
import dev.postern.certificate.store.ToldRenewal;
import dev.postern.config.RegularFile;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code certs/<site>/}: its generations, the orders in flight and the history of its attempts. What a site has is read
 * off these files each time, never off a flag that says so. Used by one thread at a time.
 */
final class SiteFolder implements SiteStore {
    private static final Logger LOG = LoggerFactory.getLogger(SiteFolder.class);

    private final String site;
    private final Path folder;
    private final TokenFile token;
    private final GenerationFolders generations;

    SiteFolder(String site, Path folder, TokenFile token) {
        this.site = site;
        this.folder = folder;
        this.token = token;
        this.generations = new GenerationFolders(site, folder, token);
    }

    @Override
    public Lease lead() throws NotLeader {
        token.require();
        return token;
    }

    @Override
    public Generations generations() {
        return generations;
    }

    @Override
    public ToldRenewal told() {
        return new ToldFile(folder);
    }

    @Override
    public boolean everHadCertificate() {
        try {
            return DurableFiles.list(folder).stream()
                    .anyMatch(child -> child.getFileName().toString().matches("[0-9]+"));
        } catch (IOException e) {
            // What cannot be read may be there.
            return true;
        }
    }

    @Override
    public void requireReadable() throws IOException {
        DurableFiles.requireReadable(folder);
        generations.requireReadable();
    }

    @Override
    public boolean wasRemoved() {
        try {
            Path store = folder.getParent();
            if (Files.exists(folder) || store == null || !Files.isDirectory(store)) {
                return false;
            }
            for (Path other : DurableFiles.list(store)) {
                if (Files.isDirectory(other)) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            LOG.debug("{}: looking for {}", site, folder, e);
            return false;
        }
    }

    // ---- orders in flight

    @Override
    public OrderJournal journal(String issuer) {
        return new OrderFile(site, folder, issuer, token);
    }

    /** Mostly one; of several issuers after an emergency. */
    private List<OrderEntry> orders() throws IOException {
        List<OrderEntry> orders = new ArrayList<>();
        for (Path file : journals()) {
            new OrderFile(site, folder, "", token).read(file).ifPresent(orders::add);
        }
        return orders;
    }

    private List<Path> journals() throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path child : DurableFiles.list(folder)) {
            if (child.getFileName().toString().matches("order(-.*)?\\.json")) {
                files.add(child);
            }
        }
        return files;
    }

    @Override
    public void forgetOrders() throws IOException {
        token.requireForWriting();
        List<Path> files = journals();
        for (Path file : files) {
            Files.deleteIfExists(file);
        }
        if (!files.isEmpty()) {
            DurableFiles.sync(folder);
        }
    }

    @Override
    public void finishInstallation() throws IOException {
        for (OrderEntry entry : orders()) {
            if (entry.keyPem() != null && generations.adoptNewest(entry.keyPem())) {
                forget(entry);
            }
        }
    }

    @Override
    public void forget(@Nullable OrderEntry order) {
        if (order == null) {
            return;
        }
        OrderJournal journal = journal(order.issuer());
        try {
            if (journal.read()
                    .filter(kept -> kept.order().equals(order.order()))
                    .isPresent()) {
                journal.clear();
            }
        } catch (IOException e) {
            LOG.warn("{}: removing order.json: {}; tried again with the next order", site, DiskFailure.reason(e));
        }
    }

    // ---- attempts

    @Override
    public Attempts attempts() {
        Path file = folder.resolve("renewal.json");
        try {
            return new Attempts(
                    Files.exists(file)
                            ? RenewalHistory.parse(JsonParser.parseString(RegularFile.stored(file))
                                    .getAsJsonObject())
                            : RenewalHistory.NONE,
                    null);
        } catch (IOException e) {
            return new Attempts(RenewalHistory.NONE, file + ": cannot be read: " + DiskFailure.reason(e));
        } catch (RuntimeException e) {
            String first = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            return new Attempts(RenewalHistory.NONE, file + ": cannot be read: damaged (" + first + ")");
        }
    }

    @Override
    public RenewalHistory history() {
        Attempts attempts = attempts();
        if (attempts.problem() != null) {
            LOG.warn("{}: {}; counted as no attempt yet", site, attempts.problem());
        }
        return attempts.history();
    }

    @Override
    public void write(RenewalHistory history) throws IOException {
        token.requireForWriting();
        DurableFiles.replace(folder.resolve("renewal.json"), JsonText.of(history.toJson()));
    }
}
