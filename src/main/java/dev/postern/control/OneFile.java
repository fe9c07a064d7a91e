package dev.postern.control;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Refuses what was meant for the daemon of another file: two may have been told of one socket, or found one by default. */
public final class OneFile implements ControlCommands {
    static final String KEY = "file";

    private final @Nullable Path file;
    private final ControlCommands commands;

    /** @param file that the daemon was started with; null for one without */
    public OneFile(@Nullable Path file, ControlCommands commands) {
        this.file = file;
        this.commands = commands;
    }

    @Override
    public JsonObject run(JsonObject request, Consumer<String> progress) throws ControlFailure, InterruptedException {
        Path mine = file;
        String asked = ControlRequest.text(request, KEY, "");
        if (mine != null && !asked.isEmpty() && !RunRecord.isSame(mine, Path.of(asked))) {
            throw ControlFailure.unavailable("the daemon here was started with " + mine.toAbsolutePath() + ", not with "
                    + asked + "; name that file with -c, or give each its own acme.store");
        }
        return commands.run(request, progress);
    }
}
