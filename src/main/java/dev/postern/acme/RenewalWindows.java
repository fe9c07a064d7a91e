package dev.postern.acme;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.SuggestedWindow;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.connector.Connection;
import org.shredzone.acme4j.connector.Resource;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeProtocolException;
import org.shredzone.acme4j.toolbox.AcmeUtils;
import org.shredzone.acme4j.toolbox.JSON;

/**
 * What a CA says of the renewal of its certificates,
 * <a href="https://datatracker.ietf.org/doc/html/rfc9773#section-4">RFC 9773 §4</a>. Asked without an account. Any thread.
 */
final class RenewalWindows {
    /** Thousands of sites ask for their windows; the directory, which says where, is asked for once in so long. */
    private static final Duration DIRECTORY_LIFE = Duration.ofHours(1);

    private static final String AUTHORITY_KEY_ID = "2.5.29.35";

    private final MonotonicClock elapsed;
    private volatile @Nullable Known known;

    /** Where to ask; null where the CA has no such wishes. */
    private record Known(@Nullable URL renewalInfo, long sinceNanos) {}

    RenewalWindows(MonotonicClock elapsed) {
        this.elapsed = elapsed;
    }

    Optional<SuggestedWindow> of(X509Certificate leaf, Conversation conversation)
            throws IssueFailure, AcmeException, IOException, InterruptedException {
        URL base = renewalInfo(conversation);
        if (base == null || leaf.getExtensionValue(AUTHORITY_KEY_ID) == null) {
            // A certificate without it has no id, RFC 9773 §4.1.
            return Optional.empty();
        }
        URL url = at(base, leaf);
        JSON answer = conversation.patiently(() -> {
            try (Connection connection = conversation.session().connect()) {
                connection.sendRequest(url, conversation.session(), null);
                return connection.readJsonResponse();
            }
        });
        JSON window = answer.get("suggestedWindow").asObject();
        Instant start = window.get("start").asInstant();
        Instant end = window.get("end").asInstant();
        if (!end.isAfter(start)) {
            throw new IssueFailure(
                    Fault.CA,
                    conversation.issuer() + ": " + url + ": the suggested window ends at " + end
                            + ", not after its start at " + start + "; not used",
                    null);
        }
        return Optional.of(new SuggestedWindow(start, end, explanation(answer), conversation.asked()));
    }

    private @Nullable URL renewalInfo(Conversation conversation)
            throws IssueFailure, AcmeException, IOException, InterruptedException {
        Known now = known;
        if (now == null || elapsed.nanoTime() - now.sinceNanos() > DIRECTORY_LIFE.toNanos()) {
            Optional<URL> url =
                    conversation.patiently(() -> conversation.session().resourceUrlOptional(Resource.RENEWAL_INFO));
            now = new Known(url.orElse(null), elapsed.nanoTime());
            known = now;
        }
        return now.renewalInfo();
    }

    private static URL at(URL base, X509Certificate leaf) {
        String text = base.toExternalForm();
        try {
            return URI.create(text + (text.endsWith("/") ? "" : "/") + AcmeUtils.getRenewalUniqueIdentifier(leaf))
                    .toURL();
        } catch (MalformedURLException | IllegalArgumentException e) {
            throw new AcmeProtocolException("renewalInfo in the directory: " + text, e);
        }
    }

    /** A page for the operator; nothing else goes into a log from here. */
    private static @Nullable String explanation(JSON answer) {
        String text = answer.get("explanationURL").map(JSON.Value::asString).orElse("");
        try {
            String scheme = new URI(text).getScheme();
            return "https".equalsIgnoreCase(scheme) || "http".equalsIgnoreCase(scheme) ? text : null;
        } catch (URISyntaxException e) {
            return null;
        }
    }
}
