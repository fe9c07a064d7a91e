package dev.postern.acme;

import dev.postern.certificate.issuer.BoundedHttp;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Over the network, with the JDK's client. */
final class HttpTransport implements CaTransport {
    private final BoundedHttp http;

    /**
     * Prepares; asks no network.
     *
     * @param caFile the CAs whose servers are trusted, and no others; null for those that this Java trusts
     * @throws IOException one line that names the file and what is wrong with it
     */
    HttpTransport(@Nullable Path caFile) throws IOException {
        this.http = BoundedHttp.withoutRedirects(caFile);
    }

    @Override
    public Answer send(HttpRequest request, Duration deadline) throws IOException, InterruptedException {
        try {
            BoundedHttp.Answer answer = http.send(request, deadline);
            return new Answer(answer.status(), answer.headers(), answer.body());
        } catch (IOException e) {
            throw new IOException(
                    request.uri().getScheme() + "://" + request.uri().getAuthority() + ": " + e.getMessage(), e);
        }
    }
}
