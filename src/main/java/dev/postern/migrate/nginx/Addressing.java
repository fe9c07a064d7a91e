package dev.postern.migrate.nginx;

import dev.postern.migrate.Tally;
import dev.postern.migrate.WebListeners;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which servers share listeners: those at the same addresses. */
final class Addressing {
    /** A listener beside those of most servers, and the servers that are there. */
    record Elsewhere(WebListeners.Further listener, boolean isTls, List<Server> servers) {}

    private final List<Server> servers;
    private final WebListeners listeners;
    private final Tally tally;
    private final List<Elsewhere> elsewhere = new ArrayList<>();

    Addressing(List<Server> servers, WebListeners listeners, Tally tally) {
        this.servers = servers;
        this.listeners = listeners;
        this.tally = tally;
    }

    /** Once they are grouped. */
    List<Elsewhere> elsewhere() {
        return elsewhere;
    }

    /** Those that are at the same addresses as the first one at this port, or at the first port there is. */
    List<Server> group(boolean isTls, int wanted) {
        List<Server> all = servers.stream()
                .filter(server -> !server.listens(isTls).isEmpty())
                .toList();
        if (all.isEmpty()) {
            return all;
        }
        boolean isThere = all.stream()
                .flatMap(server -> server.listens(isTls).stream())
                .anyMatch(listen -> listen.port() == wanted);
        if (!isThere && !isTls && listeners.isSecure()) {
            // Port 80 is for redirects, and nobody else is there.
            elsewhere(all, Set.of(), false);
            return List.of();
        }
        int port = isThere ? wanted : all.get(0).listens(isTls).get(0).port();
        List<Server> at = all.stream()
                .filter(server -> server.listens(isTls).stream().anyMatch(listen -> listen.port() == port))
                .toList();
        // An address goes before all of them, and what is there only is not for everybody.
        Optional<Server> open = at.stream()
                .filter(server -> server.listens(isTls).stream()
                        .anyMatch(
                                listen -> listen.port() == port && listen.host().isEmpty()))
                .findFirst();
        Set<String> addresses = addresses(open.orElse(at.get(0)), isTls, port);
        List<Server> group = at.stream()
                .filter(server -> !Collections.disjoint(addresses(server, isTls, port), addresses))
                .toList();
        Set<String> common = new LinkedHashSet<>();
        group.forEach(server -> server.listens(isTls).forEach(listen -> common.add(listen.text())));
        group.forEach(server -> common.removeIf(address ->
                server.listens(isTls).stream().noneMatch(listen -> listen.text().equals(address))));
        Set<String> bound = common.isEmpty() ? addresses : common;
        boolean isProxied =
                group.stream().allMatch(server -> server.listens(isTls).stream().anyMatch(Listen::acceptsProxy));
        List<String> proxies = isProxied ? PeerAddress.balancers(scopes(group)) : List.of();
        if (isTls) {
            listeners.secure(List.copyOf(bound), proxies);
        } else {
            listeners.plain(List.copyOf(bound), proxies);
        }
        for (Server server : group) {
            for (Listen listen : server.listens(isTls)) {
                if (bound.contains(listen.text()) && listen.line().is("listen")) {
                    tally.carried(listen.line());
                }
                if (bound.contains(listen.text()) && listen.acceptsProxy() && !isProxied) {
                    tally.note(
                            server.at(),
                            listen.line(),
                            "proxy_protocol holds for all addresses of a listener, or none",
                            "proxy-protocol: [ADDRESSES]");
                }
            }
        }
        elsewhere(all, bound, isTls);
        return group;
    }

    /** Addresses where the same servers are have a listener of their own. */
    private void elsewhere(List<Server> all, Set<String> bound, boolean isTls) {
        Map<String, List<Server>> byAddress = new LinkedHashMap<>();
        all.forEach(server -> server.listens(isTls).stream()
                .map(Listen::text)
                .filter(address -> !bound.contains(address))
                .distinct()
                .forEach(address -> byAddress
                        .computeIfAbsent(address, key -> new ArrayList<>())
                        .add(server)));
        Map<List<Server>, List<String>> byServers = new LinkedHashMap<>();
        byAddress.forEach((address, there) ->
                byServers.computeIfAbsent(there, key -> new ArrayList<>()).add(address));
        byServers.forEach((there, addresses) -> {
            List<Listen> listens = there.stream()
                    .flatMap(server -> server.listens(isTls).stream())
                    .filter(listen -> addresses.contains(listen.text()))
                    .toList();
            boolean isProxied = listens.stream().allMatch(Listen::acceptsProxy);
            Optional<WebListeners.Further> listener =
                    listeners.further(isTls, addresses, isProxied ? PeerAddress.balancers(scopes(there)) : List.of());
            if (listener.isPresent()) {
                listens.stream()
                        .filter(listen -> listen.line().is("listen"))
                        .forEach(listen -> tally.carried(listen.line()));
                elsewhere.add(new Elsewhere(listener.get(), isTls, there));
            } else {
                there.forEach(server -> server.listens(isTls).stream()
                        .filter(listens::contains)
                        .forEach(listen -> tally.note(
                                server.at(),
                                listen.line(),
                                "another listener has that address among its own: not bound",
                                "bind of listeners: addresses that do not overlap")));
            }
        });
    }

    private static List<Scope> scopes(List<Server> servers) {
        return servers.stream().map(Server::scope).toList();
    }

    private static Set<String> addresses(Server server, boolean isTls, int port) {
        Set<String> addresses = new LinkedHashSet<>();
        server.listens(isTls).stream()
                .filter(listen -> listen.port() == port)
                .forEach(listen -> addresses.add(listen.text()));
        return addresses;
    }
}
