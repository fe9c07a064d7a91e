package dev.postern.config;

import java.time.Duration;

/** Each is described in config/postern.yaml. */
public record Timeouts(
        Duration handshake,
        Duration requestHead,
        Duration requestBody,
        Duration keepAlive,
        Duration connect,
        Duration response,
        Duration tunnel) {}
