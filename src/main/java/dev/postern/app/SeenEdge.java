package dev.postern.app;

import com.google.gson.JsonObject;
import dev.postern.control.ControlFailure;
import dev.postern.demo.Stage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.security.cert.X509Certificate;

/** An edge as the demo's page shows it: by what commands are told, and by a handshake as clients make it. */
final class SeenEdge implements Stage {
    private final Edge edge;
    private final SelfHandshake handshake;

    SeenEdge(Edge edge) {
        this.edge = edge;
        this.handshake = new SelfHandshake(edge::doorFor);
    }

    @Override
    public JsonObject status() throws IOException {
        JsonObject request = new JsonObject();
        request.addProperty("command", "status");
        try {
            return edge.commands().run(request, line -> {});
        } catch (ControlFailure e) {
            throw new IOException(e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("stopping");
        }
    }

    @Override
    public X509Certificate shown() throws IOException {
        return handshake.leaf("localhost");
    }
}
