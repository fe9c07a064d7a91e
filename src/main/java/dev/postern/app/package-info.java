/**
 * The program, put together. {@link dev.postern.app.Edge} makes everything with plain constructors and gives each what it
 * needs; {@code RequestPath} is the half that serves, {@code CertificateCare} the half that looks after certificates; both
 * prepare a reload and then commit it ({@code Prepared}), so that a configuration comes into force as a whole or not at all.
 *
 * <p>Here, and in {@code cli}, are all threads ({@code Threads}) and the wall clock. {@code LoopWatch} notices a thread that
 * hangs, {@code LastWords} ends a process that cannot go on. {@link dev.postern.app.Maintenance} is an edge for one command
 * where no daemon runs.
 */
@NullMarked
package dev.postern.app;

import org.jspecify.annotations.NullMarked;
