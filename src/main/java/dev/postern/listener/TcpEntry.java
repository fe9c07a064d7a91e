package dev.postern.listener;

import dev.postern.config.TcpService;
import dev.postern.tls.ServerContexts;
import dev.postern.tunnel.Service;

/**
 * What a connection of a service of layer 4 meets: of one snapshot of the configuration.
 *
 * @param config whom it lets in
 * @param service where it goes to
 * @param contexts with which it is opened, where that is configured
 */
public record TcpEntry(TcpService config, Service service, ServerContexts contexts) {}
