package dev.postern.certificate.care;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Somebody waits for an order of a site. What comes of it is written within the door of the site. */
public final class Demand {
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private boolean insists;
    private @Nullable IssueFailure failure;
    private boolean installed;

    /** Whoever waits wants it even where the CA, or its limits, keep us away. */
    public void insist() {
        insists = true;
    }

    boolean insists() {
        return insists;
    }

    void installed() {
        installed = true;
    }

    void failed(IssueFailure why) {
        failure = why;
    }

    /** The order is over, or there will be none. */
    void over() {
        IssueFailure why = failure;
        if (installed) {
            end.complete(null);
        } else if (why != null) {
            end.completeExceptionally(why);
        } else {
            end.completeExceptionally(new IssueFailure(
                    Fault.CA,
                    "the order was not brought to an end: Postern stops, or the CA or its limits keep us away from it;"
                            + " what was begun is resumed later",
                    null));
        }
    }

    /** @return whether it is over */
    public boolean await(long millis) throws IssueFailure, InterruptedException {
        try {
            end.get(millis, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IssueFailure why) {
                throw why;
            }
            throw new IssueFailure(Fault.OURS, "unexpected: " + e.getCause(), e);
        }
    }
}
