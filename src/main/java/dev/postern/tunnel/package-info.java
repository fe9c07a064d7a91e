/**
 * Bytes that go back and forth as they are, whatever they mean: a WebSocket after its upgrade, and a connection of layer 4 from
 * its first byte.
 *
 * <pre>
 *   Passage       a client's connection that is passed on: finds a server (dial.Dial), joins the two
 *     │ End       one of its two connections: back-pressure, half-close, reset
 *     │ Passages  what those of one event loop share
 *   Tunnel        says when it has to end: timeouts.tunnel without a byte
 *     │
 *   OpenTunnels   those of one event loop; closes them one after the other when we stop
 * </pre>
 *
 * <p>The bytes of a WebSocket are moved by its exchange, which asks its {@link dev.postern.tunnel.Tunnel} as a passage does. Where
 * a passage goes is its {@link dev.postern.tunnel.Service}; what is told of it in the end is its {@link
 * dev.postern.tunnel.PassageRecord}. Event loop only; nothing here knows HTTP.
 */
@NullMarked
package dev.postern.tunnel;

import org.jspecify.annotations.NullMarked;
