/**
 * The commands: what they are called, which options they have, how they end. {@link dev.postern.cli.Main} lists them;
 * what they do is in {@code app}.
 */
@NullMarked
package dev.postern.cli;

import org.jspecify.annotations.NullMarked;
