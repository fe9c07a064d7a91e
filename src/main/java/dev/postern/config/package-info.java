/**
 * What the configuration file says. {@link dev.postern.config.Configuration} and its records are the model, complete and checked; nobody else reads
 * YAML. {@link dev.postern.config.ConfigurationFile} reads it: {@code Composer} makes nodes (with what the environment
 * says), {@code Includes} joins files, and one {@code …Reader} for each section makes the records, by {@code Section} (a mapping whose keys
 * are known), {@code Value} (one place, its line and path) and {@code Scalar} (text becomes a type).
 *
 * <p>A mistake is put down in {@code Problems}, and reading goes on behind it, so that one run shows all. A new key is a
 * component of a record, a line in its reader, and a default there. {@link dev.postern.config.ConfigurationChange} tells an operator what
 * a reload has changed; what was read as a {@link dev.postern.config.Secret} is in no message. Pure but for the files that are named; any thread.
 */
@NullMarked
package dev.postern.config;

import org.jspecify.annotations.NullMarked;
