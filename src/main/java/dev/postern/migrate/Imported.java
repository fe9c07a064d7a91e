package dev.postern.migrate;

import java.util.List;

/**
 * What an import has written.
 *
 * @param text the configuration
 * @param notes how many lines became comments in it
 * @param guards how many of these kept somebody out
 * @param carried {@code FILE:LINE} of those that were carried over, wholly or in part
 */
public record Imported(String text, int notes, int guards, List<String> carried) {}
