package dev.postern.control;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.function.Consumer;

/** The command {@code reload}; all others are left to those who know them. */
public final class ReloadControl implements ControlCommands {
    /** Reads the configuration again. */
    @FunctionalInterface
    public interface Reload {
        /**
         * Blocks until what was read is in force.
         *
         * @throws ControlFailure where it is not; then everything is as it was
         */
        Done now() throws ControlFailure;
    }

    /**
     * What came of it, in lines for an operator.
     *
     * @param changes what has changed; none where nothing has
     * @param afterRestart what is different in the file, and stays as it is until a restart
     */
    public record Done(List<String> changes, List<String> afterRestart) {}

    private final Reload reload;
    private final ControlCommands others;

    public ReloadControl(Reload reload, ControlCommands others) {
        this.reload = reload;
        this.others = others;
    }

    @Override
    public JsonObject run(JsonObject request, Consumer<String> progress) throws ControlFailure, InterruptedException {
        if (!ControlRequest.text(request, "command", "").equals("reload")) {
            return others.run(request, progress);
        }
        Done done = reload.now();
        JsonObject json = new JsonObject();
        json.add("changes", CertificateJson.texts(done.changes()));
        json.add("after-restart", CertificateJson.texts(done.afterRestart()));
        return json;
    }
}
