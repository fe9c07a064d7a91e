package dev.postern.migrate.caddy;

import dev.postern.migrate.Mapping;
import java.util.List;

/**
 * A block.
 *
 * @param at where its notes belong, and
 * @param more where sites of it are written beside the first one
 */
record Block(Directive line, List<Address> addresses, List<String> binds, Mapping at, List<Mapping> more) {
    List<Address> addresses(boolean isTls) {
        return addresses.stream().filter(one -> one.isTls() == isTls).toList();
    }
}
