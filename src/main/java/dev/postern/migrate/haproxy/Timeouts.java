package dev.postern.migrate.haproxy;

import dev.postern.migrate.Mapping;
import dev.postern.migrate.Tally;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code timeout …}: what all have in common stands at the end of the result, the rest where it is said. */
final class Timeouts {
    private final Tally tally;
    /** Whether one {@code defaults} holds for all, so that it can be said once. */
    private final boolean isCommon;

    Timeouts(List<Section> sections, Tally tally) {
        this.tally = tally;
        this.isCommon = sections.stream()
                        .filter(section -> section.kind().equals("defaults"))
                        .count()
                < 2;
    }

    /** Of requests that go to a backend. */
    void ofBackend(Section section, Mapping at) {
        if (section.isTcp()) {
            return;
        }
        Map<String, String> said = new LinkedHashMap<>();
        for (Map.Entry<String, String> each :
                Map.of("connect", "connect", "server", "response", "tunnel", "tunnel").entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .toList()) {
            Optional<Statement> timeout =
                    isCommon ? section.ownSetting("timeout", each.getKey()) : section.setting("timeout", each.getKey());
            timeout.ifPresent(statement ->
                    put(statement, each.getValue(), said, each.getKey().equals("connect")));
        }
        if (!said.isEmpty()) {
            at.put("timeouts", said);
        }
    }

    /**
     * Of all sites.
     *
     * @param section whose clients they are
     */
    void ofSites(Section section, Mapping at) {
        Map<String, String> names = new LinkedHashMap<>();
        names.put("http-request", "request-head");
        names.put("client", "request-body");
        names.put("http-keep-alive", "keep-alive");
        if (isCommon) {
            names.put("connect", "connect");
            names.put("server", "response");
            names.put("tunnel", "tunnel");
        }
        Map<String, String> said = new LinkedHashMap<>();
        names.forEach((theirs, ours) -> section.setting("timeout", theirs)
                .ifPresent(statement -> put(
                        statement,
                        ours,
                        said,
                        List.of("request-head", "keep-alive", "connect").contains(ours))));
        said.forEach(at::put);
    }

    /** @param backend whose servers they are */
    void ofService(Section section, Section backend, Mapping at) {
        Map<String, String> said = new LinkedHashMap<>();
        backend.setting("timeout", "connect").ifPresent(statement -> put(statement, "connect", said, true));
        section.setting("timeout", "client").ifPresent(statement -> put(statement, "client", said, false));
        backend.setting("timeout", "server").ifPresent(statement -> put(statement, "server", said, false));
        backend.setting("timeout", "tunnel").ifPresent(statement -> put(statement, "tunnel", said, false));
        if (!said.isEmpty()) {
            at.put("timeouts", said);
        }
    }

    /** Of connections that are passed on unopened. */
    Map<String, String> ofPassthrough(Section backend) {
        Map<String, String> said = new LinkedHashMap<>();
        backend.setting("timeout", "connect").ifPresent(statement -> put(statement, "connect", said, true));
        backend.setting("timeout", "tunnel")
                .or(() -> backend.setting("timeout", "server"))
                .ifPresent(statement -> put(statement, "tunnel", said, false));
        return said;
    }

    private void put(Statement statement, String key, Map<String, String> said, boolean isLimited) {
        Optional<String> time = isLimited ? Times.limited(statement.word(2)) : Times.of(statement.word(2));
        time.ifPresent(text -> {
            said.put(key, text);
            tally.carried(statement);
        });
    }
}
