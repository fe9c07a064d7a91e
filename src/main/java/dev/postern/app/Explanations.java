package dev.postern.app;

import com.google.gson.JsonObject;
import dev.postern.config.Configuration;
import dev.postern.control.ControlFailure;
import dev.postern.explain.ExplainControl;

/** What would become of requests, where nothing runs that could be asked. */
public final class Explanations {
    private Explanations() {}

    /** As the command {@code explain-request} of a daemon with this configuration, which knows nothing of servers yet. */
    public static JsonObject of(Configuration config, JsonObject request) throws ControlFailure {
        return ExplainControl.explained(new ExplainControl.Asked(config, Routings.imagined(config), null), request);
    }
}
