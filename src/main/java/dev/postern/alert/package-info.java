/**
 * Tells people what they should look at: {@link dev.postern.alert.TroubleWatch} compares what is wrong now with what was told, {@link
 * dev.postern.alert.Delivery} sends it, one after the other on a thread of its own, by {@link dev.postern.alert.Receiver}s. Never on
 * an event loop; whatever goes wrong here harms nobody else.
 */
@NullMarked
package dev.postern.alert;

import org.jspecify.annotations.NullMarked;
