/**
 * HTTP/2 (<a href="https://datatracker.ietf.org/doc/html/rfc9113">RFC 9113</a>) towards clients over TLS and towards servers in
 * plaintext by prior knowledge: many exchanges on a connection, each on a stream of its own.
 *
 * <p>Netty cuts the frames, and keeps count of streams and of what may come. Header blocks are ours in both directions ({@code
 * HpackReader}, {@code HpackWriter}): heads are bytes all the way. What goes out is ours: {@code SendWindows} holds back what the other end does not take, {@code GatheredFrames}
 * writes what it takes, of many streams in one go. So is what keeps a client from making us work or remember without end: {@code
 * LimitedAnswers}, {@code FrameBudget} and {@code WeighedFrames} (floods), {@code EndedStreams}, {@code ReceiveWindows} and {@code
 * WindowBudget} (flow control: how much may be under way to us), {@code Http2Share} (fair shares of the event loop), {@link
 * dev.postern.http.h2.Http2Limits} for the numbers and their reasons.
 */
@NullMarked
package dev.postern.http.h2;

import org.jspecify.annotations.NullMarked;
