/**
 * Programs of the operator's: {@code Command} runs one, {@code Hooks} runs those that are told of certificates. No shell
 * takes part, and no secret is in an argument or in the environment of what is run.
 */
@NullMarked
package dev.postern.hook;

import org.jspecify.annotations.NullMarked;
