package dev.postern.migrate.caddy;

import dev.postern.config.Addresses;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Tally;
import dev.postern.migrate.WebListeners;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which blocks become sites. Postern has one listener for HTTP and one for HTTPS, and every site is there at all addresses of its
 * listener; so those that are there at the same addresses become sites, and the others are told.
 */
final class Blocks {
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
            Optional<Address> address = plain.flatMap(one -> Address.of(one, options.httpPort(), options.httpsPort()));
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
        new Matchers(line, null, true).hosts().forEach(host -> more.add(root.item("sites")));
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
        int port =
                all.stream().flatMap(block -> block.addresses(isTls).stream()).anyMatch(one -> one.port() == wanted)
                        ? wanted
                        : all.get(0).addresses(isTls).get(0).port();
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
        List<String> bound = binds.isEmpty()
                ? List.of(":" + port)
                : binds.stream().distinct().map(host -> host + ":" + port).toList();
        if (isTls) {
            listeners.secure(bound, false);
        } else {
            listeners.plain(bound, false);
        }
        List<Block> carried = new ArrayList<>();
        for (Block block : all) {
            List<Address> elsewhere = block.addresses(isTls).stream()
                    .filter(one -> one.port() != port || !group.contains(block))
                    .toList();
            if (!elsewhere.isEmpty()) {
                tally.note(
                        block.at(),
                        block.line(),
                        "every site is at all addresses of its listener, and the others of the file are not there: not bound: "
                                + String.join(
                                        ", ",
                                        elsewhere.stream()
                                                .map(one -> one.name() + ":" + one.port())
                                                .toList()),
                        "another Postern for what is there");
            }
            if (group.contains(block)) {
                List<Address> here = new ArrayList<>(block.addresses(isTls));
                here.removeAll(elsewhere);
                carried.add(new Block(block.line(), here, block.binds(), block.at(), block.more()));
            }
        }
        return carried;
    }
}
