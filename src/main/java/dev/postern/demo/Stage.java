package dev.postern.demo;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.security.cert.X509Certificate;

/** What the desk looks at. Both may take a moment; any thread but an event loop. */
public interface Stage {
    /** What {@code postern status --json} prints. */
    JsonObject status() throws IOException;

    /** The certificate that a client is shown who comes now. */
    X509Certificate shown() throws IOException;
}
