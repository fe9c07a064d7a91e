package dev.postern.config;

import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Beyond these a client is refused.
 *
 * @param requestLine bytes; a longer one is answered 414
 * @param head bytes of the whole request head; a longer one is answered 431
 * @param headers how many header fields; more are answered 431
 * @param body bytes of a request body; a larger one is answered 413; empty for no limit
 * @param connections how many client connections at once; empty for as many as the file-descriptor limit allows
 * @param connectionsPerClient how many of them one client may have; empty for no limit
 * @param serverConnections how many connections to servers at once; empty for as many as the file-descriptor limit allows
 * @param serverConnectionsPerClient how many of them may work for one client; empty for a share of all
 */
public record Limits(
        @InFile(size = true) int requestLine,
        @InFile(size = true) int head,
        int headers,
        @InFile(size = true, absent = "unlimited") OptionalLong body,
        @InFile(absent = "auto") OptionalInt connections,
        @InFile(absent = "unlimited") OptionalInt connectionsPerClient,
        @InFile(absent = "auto") OptionalInt serverConnections,
        @InFile(absent = "auto") OptionalInt serverConnectionsPerClient) {}
