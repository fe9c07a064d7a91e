package dev.postern.migrate.caddy;

import java.nio.file.Path;
import java.util.List;

/**
 * A file.
 *
 * @param name as notes call it; empty of the one that is imported
 * @param lines as they stand there, before variables are put in
 */
record Source(Path path, String name, List<String> lines) {}
