/**
 * Bytes that go back and forth as they are, whatever they mean: a WebSocket after its upgrade. A {@link
 * dev.postern.tunnel.Tunnel} says when it has to end ({@code timeouts.tunnel} without a byte, half closed for too long); whoever moves its bytes asks,
 * and ends it; {@link
 * dev.postern.tunnel.OpenTunnels} are those of one event loop, and close them when we stop. Event loop only; nothing here knows HTTP.
 */
@NullMarked
package dev.postern.tunnel;

import org.jspecify.annotations.NullMarked;
