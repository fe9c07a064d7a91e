package dev.postern.cli;

import java.io.PrintWriter;

/** Where commands write: answers to {@code out}, complaints to {@code err}. Both flush at the end of a line. */
record Console(PrintWriter out, PrintWriter err) {}
