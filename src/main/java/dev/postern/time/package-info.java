/**
 * What time it is, by whom, and how it is said: {@link dev.postern.time.Clocks} has those of a process, {@link
 * dev.postern.time.MonotonicClock} for what elapses, {@link dev.postern.time.ClockSkew} for how far this host is from the CAs, {@link
 * dev.postern.time.CaTime} for the time that decisions
 * about certificates go by, {@link dev.postern.time.TimeText} for people, and {@link dev.postern.time.RepeatedLines} for what is
 * said of a lasting evil now and then.
 *
 * <p>Ground: it uses no other package and knows nothing of what its clocks are for. Any thread; nothing here blocks or reads a
 * clock that it was not given.
 */
@NullMarked
package dev.postern.time;

import org.jspecify.annotations.NullMarked;
