/**
 * Bytes that go back and forth as they are, whatever they mean: a WebSocket after its upgrade. A {@link
 * dev.postern.tunnel.Tunnel} says when it has to end (idle, half closed, we stop) and whoever moves its bytes ends it; {@link
 * dev.postern.tunnel.OpenTunnels} are those of one event loop. Event loop only; nothing here knows HTTP.
 */
@NullMarked
package dev.postern.tunnel;

import org.jspecify.annotations.NullMarked;
