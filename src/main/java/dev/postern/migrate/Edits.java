package dev.postern.migrate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** What a site or route says beside its action. */
public record Edits(List<String> allow, List<String> deny, List<Action.Header> headers) {
    public static final Edits NONE = new Edits(List.of(), List.of(), List.of());

    public static Edits of(Action.Header header) {
        return new Edits(List.of(), List.of(), List.of(header));
    }

    public static Edits allowing(List<String> ranges) {
        return new Edits(ranges, List.of(), List.of());
    }

    public static Edits denying(List<String> ranges) {
        return new Edits(List.of(), ranges, List.of());
    }

    /** What is said later of a header goes before what was said of it earlier. */
    public Edits and(Edits later) {
        List<Action.Header> all = new ArrayList<>(headers);
        for (Action.Header header : later.headers) {
            all.removeIf(
                    one -> one.toServer() == header.toServer() && one.name().equalsIgnoreCase(header.name()));
            all.add(header);
        }
        return new Edits(both(allow, later.allow), both(deny, later.deny), List.copyOf(all));
    }

    private static List<String> both(List<String> some, List<String> more) {
        List<String> all = new ArrayList<>(some);
        more.stream().filter(one -> !all.contains(one)).forEach(all::add);
        return List.copyOf(all);
    }

    /** Whether nobody but a server sees anything of it. */
    public boolean isForServers() {
        return allow.isEmpty() && deny.isEmpty() && headers.stream().allMatch(Action.Header::toServer);
    }

    public void write(Mapping at) {
        if (!allow.isEmpty()) {
            at.put("allow", allow);
        }
        if (!deny.isEmpty()) {
            at.put("deny", deny);
        }
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
