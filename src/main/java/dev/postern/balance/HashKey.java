package dev.postern.balance;

import dev.postern.config.Balance;
import java.net.InetAddress;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** The hash of what decides about a request; empty where the request does not have it. */
@FunctionalInterface
interface HashKey {
    OptionalLong of(Affinity affinity);

    static HashKey of(Balance.Key key) {
        if (key instanceof Balance.Key.Uri uri) {
            return affinity -> uri(affinity.target(), uri);
        } else if (key instanceof Balance.Key.UrlParam param) {
            return affinity -> parameter(affinity.target(), param.name());
        } else if (key instanceof Balance.Key.RdpCookie rdp) {
            return affinity -> text(affinity.cookie(rdp.name()));
        } else if (key instanceof Balance.Key.Header header) {
            return affinity -> text(affinity.header(header.name()));
        }
        return affinity -> source(affinity.clientAddress());
    }

    private static OptionalLong source(@Nullable InetAddress client) {
        return client == null ? OptionalLong.empty() : OptionalLong.of(Hash.of(client.getAddress()));
    }

    private static OptionalLong text(@Nullable String value) {
        return value == null || value.isEmpty() ? OptionalLong.empty() : OptionalLong.of(Hash.of(value));
    }

    /** As in HAProxy: ends at the query unless {@code whole}, after {@code length}, before the slash that begins a deeper level. */
    private static OptionalLong uri(String target, Balance.Key.Uri uri) {
        int end = Math.min(target.length(), uri.length().orElse(Integer.MAX_VALUE));
        int levels = uri.depth().orElse(Integer.MAX_VALUE);
        for (int i = 0, slashes = 0; i < end; i++) {
            char c = target.charAt(i);
            if ((c == '/' && slashes++ == levels) || (c == '?' && !uri.whole())) {
                end = i;
            }
        }
        return end == 0 ? OptionalLong.empty() : OptionalLong.of(Hash.of(target, 0, end));
    }

    private static OptionalLong parameter(String target, String name) {
        int from = target.indexOf('?') + 1;
        while (from > 0) {
            int end = target.indexOf('&', from);
            int to = end < 0 ? target.length() : end;
            int value = from + name.length() + 1;
            if (value < to && target.charAt(value - 1) == '=' && target.startsWith(name, from)) {
                return OptionalLong.of(Hash.of(target, value, to));
            }
            from = end + 1;
        }
        return OptionalLong.empty();
    }
}
