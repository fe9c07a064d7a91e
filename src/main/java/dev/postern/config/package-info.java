/**
 * What an operator wants: {@link dev.postern.config.Configuration} and its records, complete and checked, one file for each
 * part of the configuration; what they are made of (addresses, durations, names of hosts and their public suffixes), and
 * how a text becomes that, once ({@link dev.postern.config.Scalar}). What is a {@link dev.postern.config.Secret} is in no
 * message.
 *
 * <p>Everybody may use it, and it knows nobody; how the file is read is {@code config.read}. Immutable; any thread. Nothing
 * blocks but the classes that read a file ({@code CaFile}, {@code RegularFile}, {@code SecretFile}).
 */
@NullMarked
package dev.postern.config;

import org.jspecify.annotations.NullMarked;
