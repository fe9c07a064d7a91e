package dev.postern.acme;

import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.connector.HttpConnector;
import org.shredzone.acme4j.connector.NetworkSettings;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.provider.GenericAcmeProvider;
import org.shredzone.acme4j.toolbox.JSON;

/** How acme4j reaches a CA for one order: over our HTTP client, under our name, asking for the directory once. */
final class CaProvider extends GenericAcmeProvider {
    private static final String USER_AGENT = "postern/" + version() + " " + HttpConnector.defaultUserAgent();

    private final CaHttp http;
    private final boolean google;

    CaProvider(CaHttp http, URI directory) {
        this.http = http;
        String host = directory.getHost();
        this.google = host != null && host.toLowerCase(Locale.ROOT).endsWith(".pki.goog");
    }

    @Override
    public HttpClient createHttpClient(NetworkSettings settings) {
        return http;
    }

    @Override
    public @Nullable JSON directory(Session session, URI server) throws AcmeException {
        // acme4j would fetch it again at each use where the CA forbids caching; an order is short.
        return session.hasDirectory() ? null : super.directory(session, server);
    }

    @Override
    public Optional<String> getProposedEabMacAlgorithm() {
        // Google takes no other, however long its keys are; elsewhere the length of the key decides.
        return google ? Optional.of("HS256") : Optional.empty();
    }

    @Override
    protected HttpConnector createHttpConnector(NetworkSettings settings, HttpClient client) {
        return new HttpConnector(settings, client) {
            @Override
            public HttpRequest.Builder createRequestBuilder(URL url) {
                return super.createRequestBuilder(url).setHeader("User-Agent", USER_AGENT);
            }
        };
    }

    private static String version() {
        String version = CaProvider.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
