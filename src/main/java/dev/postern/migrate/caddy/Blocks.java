package dev.postern.migrate.caddy;

import dev.postern.config.Addresses;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Tally;
import dev.postern.migrate.WebListeners;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which blocks share listeners. Those at the same addresses, port 80 and 443 where somebody is there, have one for HTTP and one for HTTPS;
 * what is elsewhere has a listener of its own, and is not to be seen at those.
 */
final class Blocks {
    /** A block as far as it is at a listener beside those of most sites. */
    record Further(Block block, WebListeners.Further listener, boolean isTls) {}

    private final List<Further> further = new ArrayList<>();
    private final Options options;
    private final Placeholders placeholders;
    private final WebListeners listeners;
    private final Tally tally;

    Blocks(Options options, Placeholders placeholders, WebListeners listeners, Tally tally) {
        this.options = options;
        this.placeholders = placeholders;
        this.listeners = listeners;
        this.tally = tally;
    }

    /** @param root of the result */
    Block block(Directive line, Mapping root) {
        Mapping at = root.item("sites");
        List<Address> addresses = new ArrayList<>();
        List<String> left = new ArrayList<>();
        for (String text : line.arguments()) {
            Optional<String> plain = placeholders.fixed(text);
            Optional<Address> address = plain.flatMap(one -> Address.of(
                    one,
                    options.httpPort(),
                    options.httpsPort(),
                    line.own("tls").findAny().isPresent()));
            address.ifPresentOrElse(addresses::add, () -> left.add(text));
        }
        if (!left.isEmpty()) {
            tally.note(at, line, "no sites: " + String.join(", ", left), "names of the site");
        }
        List<String> binds = new ArrayList<>();
        line.own("bind").forEach(bind -> {
            tally.carried(bind);
            bind.arguments()
                    .forEach(word -> binds.add(
                            Addresses.literal(word) == null && !word.equals("localhost")
                                    ? ""
                                    : word.equals("localhost")
                                            ? "127.0.0.1"
                                            : word.contains(":") ? "[" + word + "]" : word));
            if (bind.arguments().stream()
                    .anyMatch(word -> Addresses.literal(word) == null && !word.equals("localhost"))) {
                tally.note(at, bind, "listeners are at addresses: at all of them here", "bind of listeners");
            }
        });
        List<Mapping> more = new ArrayList<>();
        new Matchers(line, null, true, options.clients()).hosts().forEach(host -> more.add(root.item("sites")));
        return new Block(line, addresses, binds, at, more);
    }

    /** Those at the port of their kind, or at the first one there is, and at the same addresses as the first of them. */
    List<Block> group(List<Block> blocks, boolean isTls) {
        int wanted = isTls ? options.httpsPort() : options.httpPort();
        List<Block> all = blocks.stream()
                .filter(block -> !block.addresses(isTls).isEmpty())
                .toList();
        if (all.isEmpty()) {
            return all;
        }
        boolean isThere =
                all.stream().flatMap(block -> block.addresses(isTls).stream()).anyMatch(one -> one.port() == wanted);
        if (!isThere && !isTls && listeners.isSecure()) {
            // Port 80 is for redirects, and nobody else is there.
            elsewhere(all, List.of(), wanted, false);
            return List.of();
        }
        int port = isThere ? wanted : all.get(0).addresses(isTls).get(0).port();
        List<Block> there = all.stream()
                .filter(block -> block.addresses(isTls).stream().anyMatch(one -> one.port() == port))
                .toList();
        List<String> binds = there.stream()
                .filter(block -> block.binds().isEmpty())
                .findFirst()
                .orElse(there.get(0))
                .binds();
        List<Block> group =
                there.stream().filter(block -> block.binds().equals(binds)).toList();
        List<String> bound = bound(binds, port);
        if (isTls) {
            listeners.secure(bound, List.of());
        } else {
            listeners.plain(bound, List.of());
        }
        List<Block> carried = new ArrayList<>();
        for (Block block : group) {
            List<Address> here = block.addresses(isTls).stream()
                    .filter(one -> one.port() == port)
                    .toList();
            carried.add(new Block(block.line(), here, block.binds(), block.at(), block.more()));
        }
        elsewhere(all, group, port, isTls);
        return carried;
    }

    /** What is at other ports or addresses has a listener of its own there. */
    private void elsewhere(List<Block> all, List<Block> group, int main, boolean isTls) {
        Map<List<String>, List<Block>> byAddresses = new LinkedHashMap<>();
        for (Block block : all) {
            Map<Integer, List<Address>> byPort = new LinkedHashMap<>();
            block.addresses(isTls).stream()
                    .filter(one -> one.port() != main || !group.contains(block))
                    .forEach(one -> byPort.computeIfAbsent(one.port(), key -> new ArrayList<>())
                            .add(one));
            byPort.forEach((port, addresses) -> byAddresses
                    .computeIfAbsent(bound(block.binds(), port), key -> new ArrayList<>())
                    .add(new Block(block.line(), addresses, block.binds(), block.at(), block.more())));
        }
        byAddresses.forEach((addresses, there) -> {
            Optional<WebListeners.Further> listener = listeners.further(isTls, addresses, List.of());
            for (Block block : there) {
                listener.ifPresentOrElse(
                        one -> further.add(new Further(block, one, isTls)),
                        () -> tally.note(
                                block.at(),
                                block.line(),
                                "another listener has that address among its own: not bound: "
                                        + String.join(", ", addresses),
                                "bind of listeners: addresses that do not overlap"));
            }
        });
    }

    private static List<String> bound(List<String> binds, int port) {
        return binds.isEmpty()
                ? List.of(":" + port)
                : binds.stream().distinct().map(host -> host + ":" + port).toList();
    }

    /** Sites that have a listener of their own. */
    List<Further> further() {
        return further;
    }
}
