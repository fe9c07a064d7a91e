package dev.postern.app;

import dev.postern.control.ControlCommands;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * How operators are heard.
 *
 * @param commands what they may ask for, made of what there is for the certificates
 * @param folder where the word for commands goes, and the control socket that has no place in the store; null for neither
 * @param file whose daemon this is; null for none
 * @param replaces whether a daemon before us takes commands there until we do
 * @param stopping done once we are told to stop, be it while we start; null where nobody does
 */
record Hearing(
        UnaryOperator<ControlCommands> commands,
        @Nullable Path folder,
        @Nullable Path file,
        boolean replaces,
        @Nullable CompletableFuture<Void> stopping) {
    /** The same, where some of what operators may ask for is done by what {@code first} makes. */
    Hearing with(UnaryOperator<ControlCommands> first) {
        return new Hearing(certificates -> commands.apply(first.apply(certificates)), folder, file, replaces, stopping);
    }

    /** Of the certificates alone. */
    static final Hearing PLAIN = new Hearing(UnaryOperator.identity(), null, null, false, null);
}
