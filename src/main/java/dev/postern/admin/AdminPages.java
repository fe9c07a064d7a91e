package dev.postern.admin;

import dev.postern.http.ServePages.Page;
import dev.postern.http.ServePages.Pages;
import dev.postern.observe.Metrics;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The pages of the admin listener, made by a thread that may take its time. Alive and ready are questions about this
 * process: what is wrong with a certificate is told with them, but no reason to take the process away, which serves.
 */
public final class AdminPages implements Pages {
    private static final String TEXT = "text/plain; charset=utf-8";

    private final Metrics metrics;
    private final Supplier<List<String>> overdue;
    private final Executor executor;
    // Replaced by a reload; read by any event loop.
    private volatile Set<String> hosts = Set.of();
    private volatile boolean draining;

    /** @param overdue the sites whose certificates are */
    public AdminPages(Metrics metrics, Supplier<List<String>> overdue, Executor executor) {
        this.metrics = metrics;
        this.overdue = overdue;
        this.executor = executor;
    }

    /** Further names that the pages may be asked for under. */
    public void hosts(Set<String> names) {
        hosts = Set.copyOf(names);
    }

    /** From now on we are not ready: whoever sends clients to us should send them elsewhere. */
    public void drain() {
        draining = true;
    }

    @Override
    public boolean isOurs(String host) {
        return hosts.contains(host);
    }

    @Override
    public @Nullable CompletionStage<Page> page(String path) {
        return switch (path) {
            case "/metrics" -> made(() -> new Page(200, metrics.contentType(), metrics.text()));
            case "/live", "/healthz" -> made(() -> text(200, "alive\n"));
            case "/ready" -> made(this::ready);
            case "/" -> made(() -> text(200, "/metrics\n/live\n/ready\n"));
            default -> null;
        };
    }

    private CompletionStage<Page> made(Supplier<Page> page) {
        return CompletableFuture.supplyAsync(page, executor);
    }

    private Page ready() {
        String state = draining ? "draining\n" : "ready\n";
        List<String> sites = overdue.get();
        String certificates = sites.isEmpty() ? "" : "certificates overdue: " + String.join(", ", sites) + "\n";
        return text(draining ? 503 : 200, state + certificates);
    }

    private static Page text(int status, String text) {
        return new Page(status, TEXT, text.getBytes(StandardCharsets.UTF_8));
    }
}
