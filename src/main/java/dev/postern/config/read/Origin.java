package dev.postern.config.read;

import java.nio.file.Path;

/**
 * Where a part of the configuration stands.
 *
 * @param name what messages call it
 * @param folder what relative paths in it are relative to
 */
record Origin(String name, Path folder) {}
