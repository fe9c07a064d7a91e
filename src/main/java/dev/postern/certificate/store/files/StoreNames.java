package dev.postern.certificate.store.files;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;

/** How folders and files of the store are called. Pure. */
final class StoreNames {
    static final String ACCOUNTS = "accounts";

    /** What is in a store besides the folders of sites, and could be the name of one. */
    private static final Set<String> OURS = Set.of(ACCOUNTS, "control.sock", "sticky.secret");

    private StoreNames() {}

    /** The folder of a site. */
    static String ofSite(String site) {
        String name = of(site);
        // A site must not end up among the accounts, nor in the way of a file of ours; an underscore is in no host
        // name.
        return OURS.contains(name) ? name + "_" : name;
    }

    /** {@code *.example.com} becomes {@code _.example.com}, as lego spells it; nothing can climb out of the store. */
    static String of(String name) {
        StringBuilder safe = new StringBuilder();
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
            if (plain || (c == '.' && !safe.isEmpty())) {
                safe.append(c);
            } else if (c == '*') {
                safe.append('_');
            } else {
                safe.append(String.format(Locale.ROOT, "%%%02x", (int) c));
            }
        }
        return safe.toString();
    }
}
