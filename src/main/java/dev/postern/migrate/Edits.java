package dev.postern.migrate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a site or route says beside its action.
 *
 * @param more all else: key → what it says
 */
public record Edits(List<String> allow, List<String> deny, List<Action.Header> headers, Map<String, Value> more) {
    public static final Edits NONE = new Edits(List.of(), List.of(), List.of(), Map.of());

    /** Who is not let in must not come in because of a move. */
    public static final Edits NOBODY = denying(List.of("0.0.0.0/0", "::/0"));

    public static Edits of(Action.Header header) {
        return new Edits(List.of(), List.of(), List.of(header), Map.of());
    }

    public static Edits allowing(List<String> ranges) {
        return new Edits(ranges, List.of(), List.of(), Map.of());
    }

    public static Edits denying(List<String> ranges) {
        return new Edits(List.of(), ranges, List.of(), Map.of());
    }

    /** @param key one of those that sites and routes have in common */
    public static Edits saying(String key, Value value) {
        return new Edits(List.of(), List.of(), List.of(), Map.of(key, value));
    }

    /** What is said later of a header goes before what was said of it earlier. Who comes in has to be let in by both. */
    public Edits and(Edits later) {
        List<Action.Header> all = new ArrayList<>(headers);
        for (Action.Header header : later.headers) {
            boolean isRemoved =
                    all.stream().anyMatch(one -> isOf(header, one) && one.how().equals("remove"));
            all.removeIf(one -> isOf(header, one));
            all.add(
                    isRemoved && header.how().equals("add")
                            ? new Action.Header(header.toServer(), "set", header.name(), header.value())
                            : header);
        }
        Map<String, Value> settings = new LinkedHashMap<>(more);
        settings.putAll(later.more);
        Ranges.Allowed allowed = Ranges.both(allow, later.allow);
        return new Edits(
                allowed.ranges(),
                both(both(deny, later.deny), allowed.isNobody() ? Ranges.EVERYBODY : List.of()),
                List.copyOf(all),
                settings);
    }

    /** The same for a route, whose words go before those of its site and have to hold beside them. */
    public Edits inside(Edits site) {
        Edits both = site.and(this);
        boolean isOpen = allow.isEmpty() && deny.isEmpty();
        return new Edits(
                isOpen ? List.of() : both.allow,
                isOpen ? List.of() : both.deny,
                both.headers.stream()
                        .filter(header -> headers.stream().anyMatch(one -> isOf(header, one)))
                        .toList(),
                more);
    }

    /** Whether both let in the same clients. */
    public boolean admitsAs(Edits other) {
        return allow.equals(other.allow) && deny.equals(other.deny);
    }

    private static boolean isOf(Action.Header header, Action.Header one) {
        return one.toServer() == header.toServer() && one.name().equalsIgnoreCase(header.name());
    }

    private static List<String> both(List<String> some, List<String> more) {
        List<String> all = new ArrayList<>(some);
        more.stream().filter(one -> !all.contains(one)).forEach(all::add);
        return List.copyOf(all);
    }

    /** Whether nobody but a server sees anything of it. */
    public boolean isForServers() {
        return allow.isEmpty()
                && deny.isEmpty()
                && more.isEmpty()
                && headers.stream().allMatch(Action.Header::toServer);
    }

    public void write(Mapping at) {
        if (!allow.isEmpty()) {
            at.put("allow", allow);
        }
        if (!deny.isEmpty()) {
            at.put("deny", deny);
        }
        more.forEach(at::put);
        for (Action.Header header : headers) {
            Mapping section = at.section(header.section());
            String how = header.how();
            if (section.has(how)) {
                continue;
            }
            if (how.equals("remove")) {
                section.put(
                        how,
                        alike(header)
                                .map(one -> one.name().toLowerCase(Locale.ROOT))
                                .toList());
            } else {
                Map<String, String> values = new LinkedHashMap<>();
                alike(header).forEach(one -> values.put(one.name(), one.value()));
                section.put(how, values);
            }
        }
    }

    private Stream<Action.Header> alike(Action.Header header) {
        return headers.stream()
                .filter(one -> one.toServer() == header.toServer() && one.how().equals(header.how()));
    }
}
