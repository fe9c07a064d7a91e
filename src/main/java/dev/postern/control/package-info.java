/**
 * What an operator tells a running daemon, and how it answers: a UNIX domain socket, one JSON object per line. {@link
 * dev.postern.control.CertificateControl} is the one place where a command meets what does it, with a daemon and without.
 *
 * <p>A command makes a {@code ControlRequest}; {@code ControlClient} sends it to the daemon whose {@code RunRecord} says
 * where it takes them; {@code ControlSocket} and {@code ControlConnection} hand it to {@code ControlCommands}. Each connection
 * has a thread of its own, and may block; nothing here comes near an event loop.
 */
@NullMarked
package dev.postern.control;

import org.jspecify.annotations.NullMarked;
