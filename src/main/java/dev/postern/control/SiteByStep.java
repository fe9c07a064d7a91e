package dev.postern.control;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.operate.CertificateOperations.NoSuchSite;
import dev.postern.config.Site;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One step for each of some sites, a few at a time; a site that fails is no reason to leave out the others. */
final class SiteByStep {
    /** As many as orders run at once. */
    private static final int AT_ONCE = 4;

    private final ExecutorService threads;

    SiteByStep(ExecutorService threads) {
        this.threads = threads;
    }

    interface Work {
        Step on(Site site) throws IssueFailure, NoSuchSite, InterruptedException;
    }

    /** @param outcome {@code issued}, {@code renewed}, {@code kept}, {@code waiting}, {@code rehearsed} or {@code failed} */
    record Step(
            String outcome,
            @Nullable String message,
            @Nullable JsonObject certificate,
            List<String> lines) {
        static Step done(String outcome, JsonObject certificate) {
            return new Step(outcome, null, certificate, List.of());
        }

        static Step kept(String why) {
            return new Step("kept", why, null, List.of());
        }

        static Step waiting(String why) {
            return new Step("waiting", why, null, List.of());
        }

        static Step rehearsed(List<String> lines) {
            return new Step("rehearsed", null, null, lines);
        }

        static Step failed(String why) {
            return new Step("failed", why, null, List.of());
        }
    }

    /** {@code {"sites": […]}}, in the order of {@code sites}. */
    JsonObject run(List<Site> sites, Work work) throws InterruptedException {
        Step[] steps = new Step[sites.size()];
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> workers = new ArrayList<>();
        for (int i = 0; i < Math.min(AT_ONCE, sites.size()); i++) {
            workers.add(threads.submit(() -> {
                for (int at = next.getAndIncrement(); at < steps.length; at = next.getAndIncrement()) {
                    steps[at] = step(sites.get(at), work);
                }
                return null;
            }));
        }
        await(workers);
        JsonArray all = new JsonArray();
        for (int i = 0; i < steps.length; i++) {
            all.add(json(sites.get(i).name(), steps[i]));
        }
        JsonObject json = new JsonObject();
        json.add("sites", all);
        return json;
    }

    private static Step step(Site site, Work work) throws InterruptedException {
        try {
            return work.on(site);
        } catch (IssueFailure | NoSuchSite e) {
            return Step.failed(String.valueOf(e.getMessage()));
        }
    }

    private static void await(List<Future<?>> workers) throws InterruptedException {
        try {
            for (Future<?> worker : workers) {
                worker.get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof InterruptedException) {
                throw (InterruptedException) new InterruptedException().initCause(e);
            }
            throw new IllegalStateException(e.getCause());
        } finally {
            workers.forEach(worker -> worker.cancel(true));
        }
    }

    static JsonObject json(String site, Step step) {
        JsonObject json = new JsonObject();
        json.addProperty("site", site);
        json.addProperty("outcome", step.outcome());
        if (step.message() != null) {
            json.addProperty("message", step.message());
        }
        if (!step.lines().isEmpty()) {
            json.add("lines", CertificateJson.texts(step.lines()));
        }
        if (step.certificate() != null) {
            json.add("certificate", step.certificate());
        }
        return json;
    }
}
