package dev.postern.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlClient;
import dev.postern.control.ControlFailure;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What every command for certificates takes, and how it tells what came of it: for people, or as one JSON document. */
final class CareOptions {
    @Mixin
    private final ConfigurationOption configuration;

    @Option(names = "--json", description = "Print one JSON document instead of text.")
    private boolean json;

    CareOptions(Surroundings surroundings) {
        configuration = new ConfigurationOption(surroundings);
    }

    /** As the daemon has it. */
    ReadConfiguration read() throws CommandFailed, ConfigurationProblems {
        return ReadConfiguration.of(configuration.orDefault(), configuration.surroundings());
    }

    /** The daemon that has left word of the file, whatever is in that now; empty where there is not exactly one. */
    Optional<ControlClient> daemon() throws CommandFailed, ConfigurationProblems, ControlFailure {
        return ReadConfiguration.daemonOf(configuration.orDefault(), configuration.surroundings());
    }

    /** The daemon that runs, by the word it has left of the file or by what the file says; to be closed. */
    ControlClient requireDaemon() throws CommandFailed, ConfigurationProblems {
        try {
            Optional<ControlClient> known = daemon();
            if (known.isPresent()) {
                return known.get();
            }
            ReadConfiguration read = read();
            return read.daemon()
                    .orElseThrow(() -> new CommandFailed(
                            ExitCode.UNAVAILABLE,
                            read.config().acme().controlSocket()
                                    + ": no daemon takes commands here (expected: a running one)"));
        } catch (ControlFailure e) {
            throw CommandFailed.of(e);
        }
    }

    /** Whether programs read what is printed. */
    boolean isJson() {
        return json;
    }

    /** Prints {@code result} as it is where JSON was asked for, else lets {@code text} do it. */
    void print(Console console, JsonObject result, Consumer<JsonObject> text) {
        if (json) {
            console.print(result);
        } else {
            text.accept(result);
        }
    }

    // ---- reading what came back

    static @Nullable String text(JsonObject json, String key) {
        JsonElement value = json.get(key);
        return value == null || value.isJsonNull() ? null : value.getAsString();
    }

    static String text(JsonObject json, String key, String absent) {
        String text = text(json, key);
        return text == null ? absent : text;
    }

    static List<JsonObject> objects(JsonObject json, String key) {
        return json.has(key)
                ? StreamSupport.stream(json.getAsJsonArray(key).spliterator(), false)
                        .map(JsonElement::getAsJsonObject)
                        .toList()
                : List.of();
    }

    static List<String> texts(JsonObject json, String key) {
        return json.has(key)
                ? StreamSupport.stream(json.getAsJsonArray(key).spliterator(), false)
                        .map(JsonElement::getAsString)
                        .toList()
                : List.of();
    }
}
