package dev.postern.admin;

import dev.postern.config.Listeners.Admin;
import dev.postern.config.Listeners.Ready;
import dev.postern.control.ControlCommands;
import dev.postern.http.step.ServePages;
import dev.postern.http.step.ServePages.Page;
import dev.postern.http.step.ServePages.Pages;
import dev.postern.http.step.ServePages.Wanted;
import dev.postern.observe.Metrics;
import dev.postern.status.EdgePicture;
import dev.postern.status.EdgePictures;
import dev.postern.status.ServersCsv;
import dev.postern.status.StatusJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The pages of the admin listener, made by a thread that may take its time; where too many are wanted at once, some are
 * answered 503. Alive and ready are questions about this process, and never wait for pages: what is wrong with a certificate
 * that is served is told with them, but no reason to take the process away. One that is not there is: clients of that site
 * are better off elsewhere.
 */
public final class AdminPages implements Pages {
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String JSON = "application/json";
    private static final String CSV = "text/csv; charset=utf-8";

    /** Whatever got into a page as markup after all would be shown, and neither run nor loaded nor sent anywhere. */
    private static final String POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
            + " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /** Of thousands somebody will look with `postern cert list`. */
    private static final int MOST_NAMED = 100;

    private final Metrics metrics;
    private final Supplier<Sites> sites;
    private final EdgePictures pictures;
    private final SiteWords words;
    private final Executor making;
    private final Executor judging;
    private final OperatorActions actions;
    // Replaced by a reload; read by any thread.
    private volatile @Nullable Admin admin;
    private volatile boolean draining;

    /**
     * What the sites have.
     *
     * @param overdue those whose certificates are
     * @param unserved those that have no certificate to serve
     * @param anyServed whether some site has one, or none needs one
     */
    public record Sites(List<String> overdue, List<String> unserved, boolean anyServed) {}

    /**
     * @param making makes the pages, and refuses what is too much
     * @param judging says whether we are ready, which must not wait for pages
     * @param operators does what operators ask for, which may take minutes
     */
    public AdminPages(
            Metrics metrics,
            Supplier<Sites> sites,
            EdgePictures pictures,
            SiteWords words,
            Executor making,
            Executor judging,
            Executor operators,
            InstantSource clock) {
        this.metrics = metrics;
        this.sites = sites;
        this.pictures = pictures;
        this.words = words;
        this.making = making;
        this.judging = judging;
        this.actions = new OperatorActions(operators, clock);
    }

    /** From now on they are as {@code next} says; null for no such listener. */
    public void follow(@Nullable Admin next) {
        admin = next;
    }

    /** What operators ask for from now on is done by these. */
    public void follow(ControlCommands commands) {
        actions.follow(commands);
    }

    /** From now on we are not ready: whoever sends clients to us should send them elsewhere. */
    public void drain() {
        draining = true;
    }

    @Override
    public boolean isOurs(String host) {
        Admin now = admin;
        return now != null && now.hosts().contains(host);
    }

    @Override
    public @Nullable Admin admin() {
        return admin;
    }

    @Override
    public @Nullable CompletionStage<Page> act(Wanted asked) {
        return actions.begin(asked)
                ? CompletableFuture.completedStage(new Page(
                        303,
                        // Back to where the button was; our own paths alone.
                        Map.of(
                                "Location",
                                ServePages.OPERATOR
                                        + (asked.path().equals("/do/renew") ? "#certificates" : "#backends")),
                        new byte[0]))
                : null;
    }

    @Override
    public @Nullable CompletionStage<Page> page(Wanted asked) {
        Query query = Query.of(asked.query());
        return switch (asked.path()) {
            case "/metrics" -> made(() -> metrics(asked.accept()));
            case "/live", "/healthz" -> CompletableFuture.completedStage(text(200, "alive\n"));
            case "/ready" -> made(this::ready, judging);
            case "/status.json" -> made(() -> new Page(200, JSON, bytes(StatusJson.of(pictures.take()) + "\n")));
            case "/status/servers.csv" -> made(() -> new Page(200, CSV, bytes(ServersCsv.of(pictures.take()))));
            case "/" -> made(() -> html(200, new StatusPage(pictures.take(), query, words, operators(asked)).html()));
            case "/site" -> made(() -> site(query.text("name")));
            case "/status.css" -> made(() -> resource("status.css", "text/css; charset=utf-8"));
            case "/status.js" -> made(() -> resource("status.js", "text/javascript; charset=utf-8"));
            case "/status.svg" -> made(() -> resource("status.svg", "image/svg+xml"));
            default -> null;
        };
    }

    private Page metrics(String accept) {
        boolean open = Metrics.isOpen(accept);
        return new Page(200, metrics.contentType(open), metrics.text(open));
    }

    private Operators operators(Wanted asked) {
        Admin now = admin;
        return new Operators(now != null && now.hasOperators(), asked.operator(), actions.last());
    }

    private CompletionStage<Page> made(Supplier<Page> page) {
        return made(page, making);
    }

    private static CompletionStage<Page> made(Supplier<Page> page, Executor by) {
        try {
            return CompletableFuture.supplyAsync(page, by);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.completedStage(new Page(
                    503,
                    Map.of("Content-Type", TEXT, "Retry-After", "5"),
                    bytes("503 Service Unavailable: too many pages are wanted at once\n")));
        }
    }

    private Page ready() {
        Sites all = sites.get();
        Admin now = admin;
        boolean anyDoes = now != null && now.ready() == Ready.ANY;
        boolean serving = anyDoes ? all.anyServed() : all.unserved().isEmpty();
        String state = draining ? "draining\n" : serving ? "ready\n" : "not ready\n";
        return text(
                draining || !serving ? 503 : 200,
                state
                        + named("no certificate to serve: ", all.unserved())
                        + named("certificates overdue: ", all.overdue()));
    }

    private static String named(String what, List<String> sites) {
        if (sites.isEmpty()) {
            return "";
        }
        int more = sites.size() - MOST_NAMED;
        return what + String.join(", ", sites.subList(0, Math.min(sites.size(), MOST_NAMED)))
                + (more > 0 ? " and " + more + " more" : "") + "\n";
    }

    private Page site(String name) {
        EdgePicture picture = pictures.take();
        boolean isKnown =
                picture.certificates().stream().anyMatch(status -> status.site().equals(name));
        return isKnown
                ? html(200, new SitePage(picture, name, words.explain(name)).html())
                : text(404, "404 Not Found: no site of this name has a certificate\n");
    }

    private static Page html(int status, String html) {
        return new Page(
                status,
                Map.of(
                        "Content-Type",
                        "text/html; charset=utf-8",
                        "Content-Security-Policy",
                        POLICY,
                        "Referrer-Policy",
                        "same-origin",
                        "Cross-Origin-Opener-Policy",
                        "same-origin",
                        "X-Frame-Options",
                        "DENY"),
                bytes(html));
    }

    private static Page resource(String name, String contentType) {
        try (InputStream in = AdminPages.class.getResourceAsStream(name)) {
            return new Page(200, contentType, Objects.requireNonNull(in, name).readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Page text(int status, String text) {
        return new Page(status, TEXT, bytes(text));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
