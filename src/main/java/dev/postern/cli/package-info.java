/**
 * The commands: what they are called, which options they have, how their answers are printed, how they end.
 *
 * <p>{@link dev.postern.cli.Main} lists them, runs one, and makes lines and an exit code of whatever it throws ({@code
 * WrongUsage}, {@code CommandFailed}, {@code ConfigurationProblems}; everything else is a bug). A command is given where it writes ({@code
 * Console}) and what it is run in ({@code Surroundings}); nothing here knows {@code Main}. Those for certificates have one
 * request done ({@code ErrandCommand}, {@code SiteCommand}): by the daemon where one runs, else here ({@code Errand}, over
 * {@code app.Maintenance}). Others read the store alone, or run the daemon ({@code app.Daemon}). A new command is a class and
 * a line in {@code Main} or {@code CertificateCommand}.
 *
 * <p>One thread, that of the process, and it may block. Only here does the process end.
 */
@NullMarked
package dev.postern.cli;

import org.jspecify.annotations.NullMarked;
