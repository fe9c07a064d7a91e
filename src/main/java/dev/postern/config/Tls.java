package dev.postern.config;

public record Tls(TlsVersion minVersion, TlsProfile profile) {}
