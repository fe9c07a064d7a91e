/**
 * What is said of the configuration: which one may be written, and what one means. Made of what the readers ask for while they
 * read ({@link dev.postern.config.read.Witness}), so that no key, default or form is said a second time.
 *
 * <p>{@link dev.postern.config.describe.ConfigurationSchema} has a JSON Schema for editors: {@code Exploration} makes up documents until the
 * readers ask for nothing new, {@code Place} keeps what they asked for, and {@code KeyComments} has the words of config/postern.yaml.
 * {@link dev.postern.config.describe.ConfigurationText} has a configuration that is there, spelled in one way, of how it was understood
 * ({@code Understanding}).
 *
 * <p>For commands and builds: the schema takes seconds, and the text blocks as reading does.
 */
@NullMarked
package dev.postern.config.describe;

import org.jspecify.annotations.NullMarked;
