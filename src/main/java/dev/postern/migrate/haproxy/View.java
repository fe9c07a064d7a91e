package dev.postern.migrate.haproxy;

import dev.postern.config.HostName;
import dev.postern.migrate.Match;
import dev.postern.migrate.Paths;
import dev.postern.migrate.SiteDraft;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a request before it comes, because of the site that it comes to.
 *
 * @param host one of its names; null for all hosts that no rule names
 * @param tls whether its clients speak TLS; null where both may be
 */
record View(@Nullable String host, @Nullable Boolean tls) {
    private static final int MOST = 64;

    /** One way in which a condition holds: a match, from one of some addresses, or from none of others. */
    record Way(Match match, List<String> from, List<String> notFrom) {
        static final Way ANY = new Way(Match.ALL, List.of(), List.of());

        boolean isFromAnywhere() {
            return from.isEmpty() && notFrom.isEmpty();
        }

        private Optional<Way> and(Match other) {
            return match.and(other).map(both -> new Way(both, from, notFrom));
        }
    }

    /** @param missing why it may also hold otherwise; empty where these are all the ways */
    record Ways(List<Way> ways, String missing) {}

    Ways of(Condition condition) {
        List<Way> ways = new ArrayList<>();
        String missing = "";
        for (List<Condition.Term> terms : condition.anyOf()) {
            List<Way> some = List.of(Way.ANY);
            for (Condition.Term term : terms) {
                Ways next = term.negated() ? without(some, term.anyOf()) : with(some, term.anyOf());
                some = next.ways();
                missing = missing.isEmpty() ? next.missing() : missing;
            }
            ways.addAll(some);
        }
        return new Ways(ways.subList(0, Math.min(MOST, ways.size())), ways.size() > MOST ? "too many cases" : missing);
    }

    private Ways with(List<Way> ways, List<Question> questions) {
        List<Way> next = new ArrayList<>();
        String missing = "";
        for (Question question : questions) {
            Optional<Boolean> known = known(question);
            if (known.isPresent()) {
                if (known.get()) {
                    return new Ways(ways, "");
                }
                continue;
            }
            if (question instanceof Question.Source source) {
                for (Way way : ways) {
                    if (way.from().isEmpty()) {
                        next.add(new Way(way.match(), source.ranges(), way.notFrom()));
                    } else {
                        missing = "two questions for the client's address are one too many";
                    }
                }
                continue;
            }
            List<Match> matches = matches(question);
            if (matches.isEmpty()) {
                missing = why(question);
            }
            for (Way way : ways) {
                matches.forEach(match -> way.and(match).ifPresent(next::add));
            }
        }
        return new Ways(next.subList(0, Math.min(MOST, next.size())), next.size() > MOST ? "too many cases" : missing);
    }

    private Ways without(List<Way> ways, List<Question> questions) {
        List<Way> next = ways;
        for (Question question : questions) {
            Optional<Boolean> known = known(question);
            if (known.isPresent()) {
                if (known.get()) {
                    return new Ways(List.of(), "");
                }
            } else if (question instanceof Question.Source source) {
                next = next.stream()
                        .map(way -> {
                            List<String> all = new ArrayList<>(way.notFrom());
                            all.addAll(source.ranges());
                            return new Way(way.match(), way.from(), List.copyOf(all));
                        })
                        .toList();
            } else if (!isChallenge(question)) {
                return new Ways(
                        List.of(),
                        question instanceof Question.Unknown unknown
                                ? unknown.why()
                                : "routes say what they take, not what they do not");
            }
        }
        return new Ways(next, "");
    }

    /** Whoever asks for a token of a CA is answered before all rules. */
    private static boolean isChallenge(Question question) {
        return question instanceof Question.Path path
                && path.paths().stream().allMatch(one -> Paths.covers(SiteDraft.CHALLENGES, one));
    }

    private Optional<Boolean> known(Question question) {
        if (question instanceof Question.Always always) {
            return Optional.of(always.holds());
        }
        if (question instanceof Question.Arrived) {
            return Optional.of(true);
        }
        if (question instanceof Question.Tls) {
            return Optional.ofNullable(tls);
        }
        if (question instanceof Question.Host asked) {
            return Optional.of(host != null && (asked.names().contains(host) || HostName.covers(asked.names(), host)));
        }
        return Optional.empty();
    }

    private static List<Match> matches(Question question) {
        if (question instanceof Question.Path path) {
            return path.paths().stream()
                    .map(one -> new Match(path.exact(), one, Match.ALL.methods(), Match.ALL.headers()))
                    .toList();
        }
        if (question instanceof Question.Method method) {
            return List.of(new Match(false, "/", method.methods(), Map.of()));
        }
        if (question instanceof Question.Header header) {
            List<Match> matches = new ArrayList<>();
            for (String value : header.values().isEmpty() ? List.of("true") : header.values()) {
                Map<String, String> one = new LinkedHashMap<>();
                one.put(header.name(), header.check() + ":" + value);
                matches.add(new Match(false, "/", Match.ALL.methods(), one));
            }
            return matches;
        }
        return List.of();
    }

    private static String why(Question question) {
        if (question instanceof Question.Unknown unknown) {
            return unknown.why();
        }
        return question instanceof Question.Tls
                ? "the same sites are served over HTTP and HTTPS, and routes cannot tell which"
                : "no route of Postern can ask for that";
    }
}
