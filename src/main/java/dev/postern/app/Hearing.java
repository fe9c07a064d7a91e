package dev.postern.app;

import dev.postern.control.ControlCommands;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * How operators are heard.
 *
 * @param commands what they may ask for, made of what there is for the certificates
 * @param folder where the control socket goes that has no place in the store; null where there is none
 */
record Hearing(
        UnaryOperator<ControlCommands> commands, @Nullable Path folder) {
    /** Of the certificates alone. */
    static final Hearing PLAIN = new Hearing(UnaryOperator.identity(), null);
}
