package dev.postern.control;

import com.google.gson.JsonObject;
import java.util.function.Consumer;

/** Does what a request asks for. Blocking, for as long as an order takes; safe for several threads. */
public interface ControlCommands {
    /**
     * @param request {@code command}, and what that command takes
     * @param progress told in one line what is being done; never blocks for long and never fails
     * @return what was done, as {@code --json} prints it
     */
    JsonObject run(JsonObject request, Consumer<String> progress) throws ControlFailure, InterruptedException;
}
