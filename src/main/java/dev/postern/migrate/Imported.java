package dev.postern.migrate;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What an import has written.
 *
 * @param text the configuration
 * @param notes how many lines became comments in it
 * @param guards how many of these kept somebody out
 * @param carried {@code FILE:LINE} of those that were carried over, wholly or in part
 * @param files that it was read from
 */
public record Imported(String text, int notes, int guards, List<String> carried, Set<Path> files) {}
