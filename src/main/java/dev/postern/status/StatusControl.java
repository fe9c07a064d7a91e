package dev.postern.status;

import com.google.gson.JsonObject;
import dev.postern.control.ControlCommands;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import java.util.function.Consumer;

/** The command {@code status}; all others are left to those who know them. */
public final class StatusControl implements ControlCommands {
    private final EdgePictures pictures;
    private final ControlCommands others;

    public StatusControl(EdgePictures pictures, ControlCommands others) {
        this.pictures = pictures;
        this.others = others;
    }

    @Override
    public JsonObject run(JsonObject request, Consumer<String> progress) throws ControlFailure, InterruptedException {
        return ControlRequest.text(request, "command", "").equals("status")
                ? StatusJson.of(pictures.take())
                : others.run(request, progress);
    }
}
