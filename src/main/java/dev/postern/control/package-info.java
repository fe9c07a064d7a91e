/**
 * What an operator tells a running daemon, and how it answers: a UNIX domain socket, one JSON object per line. {@link
 * dev.postern.control.CertificateControl} is the one place where a command meets what does it, with a daemon and without.
 */
@NullMarked
package dev.postern.control;

import org.jspecify.annotations.NullMarked;
