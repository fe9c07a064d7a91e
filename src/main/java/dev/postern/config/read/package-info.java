/**
 * How the configuration is read; {@code app} and {@code cli} do that, nobody else sees YAML.
 *
 * <p>{@link dev.postern.config.read.ConfigurationFile} is the door. {@code Composer} makes nodes (with what the environment
 * says), {@code Includes} joins files, {@code ConfigurationReader} goes through the sections, and a {@code …Reader} for each of them makes the
 * records, by {@code Section} (a mapping whose keys are known), {@code Value} (one place, its line and path) and {@code
 * Scalar} (text becomes a type).
 *
 * <p>A mistake is put down in {@code Problems}, and reading goes on behind it, so that one run shows all. A new key is a
 * component of a record, a line in its reader, and a default there. What nobody may see is read by {@code Scalar.secret}.
 * {@link dev.postern.config.read.ConfigurationChange} tells an operator what a reload has changed, in the words of the file;
 * it compares records, for these are what the file means, however it is written.
 *
 * <p>A {@code Witness} hears what readers ask and how they understand it; {@code config.describe} makes the schema for editors of that. What
 * the texts of a kind look like is its {@code Spelling}, beside the {@code Scalar}.
 *
 * <p>Blocks: it reads the files that are named. Any thread but those of event loops.
 */
@NullMarked
package dev.postern.config.read;

import org.jspecify.annotations.NullMarked;
