package dev.postern.migrate.haproxy;

import dev.postern.migrate.Match;
import dev.postern.migrate.Ranges;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a request before it comes, because of the site that it comes to.
 *
 * @param host one of its names; null for all hosts that no rule names
 * @param tls whether its clients speak TLS; null where both may be
 */
record View(@Nullable String host, @Nullable Boolean tls) {
    private static final int MOST = 64;
    private static final String TOO_MANY = "too many cases";

    /**
     * One way in which a condition holds: a match without others, from some addresses, or from none of others; not both,
     * and neither where any will do.
     */
    record Way(Match match, List<Match> except, List<String> from, List<String> notFrom) {
        static final Way ANY = new Way(Match.ALL, List.of(), List.of(), List.of());

        boolean isFromAnywhere() {
            return from.isEmpty() && notFrom.isEmpty();
        }

        boolean isAll() {
            return match.isAll() && except.isEmpty();
        }

        private Optional<Way> from(List<String> ranges) {
            if (from.isEmpty()) {
                return of(Ranges.minus(ranges, notFrom));
            }
            Ranges.Allowed both = Ranges.both(from, ranges);
            return both.isNobody() ? Optional.empty() : of(both.ranges());
        }

        private Optional<Way> notFrom(List<String> ranges) {
            if (!from.isEmpty()) {
                return of(Ranges.minus(from, ranges));
            }
            List<String> all = new ArrayList<>(notFrom);
            ranges.stream().filter(range -> !all.contains(range)).forEach(all::add);
            return Optional.of(new Way(match, except, List.of(), List.copyOf(all)));
        }

        private Optional<Way> of(List<String> some) {
            return some.isEmpty() ? Optional.empty() : Optional.of(new Way(match, except, some, List.of()));
        }

        private Optional<Way> and(Match other) {
            return match.and(other)
                    .filter(both -> except.stream().noneMatch(one -> one.covers(both)))
                    .map(both -> new Way(both, except, from, notFrom));
        }

        private Optional<Way> without(List<Match> others) {
            List<Match> all = new ArrayList<>(except);
            for (Match other : others) {
                if (other.covers(match)) {
                    return Optional.empty();
                }
                if (match.and(other).isPresent() && !all.contains(other)) {
                    all.add(other);
                }
            }
            return Optional.of(new Way(match, List.copyOf(all), from, notFrom));
        }
    }

    /**
     * @param missing why it may also hold otherwise; empty where these are all the ways
     * @param less how the ways take less than HAProxy does; empty where they do not
     * @param more how they take more
     */
    record Ways(List<Way> ways, String missing, String less, String more) {
        /** Why these are not quite what HAProxy does. */
        String inexact() {
            return Stream.of(missing, less, more)
                    .filter(it -> !it.isEmpty())
                    .distinct()
                    .collect(Collectors.joining(", "));
        }
    }

    Ways of(Condition condition) {
        List<Way> ways = new ArrayList<>();
        Set<String> missing = new LinkedHashSet<>();
        Set<String> less = new LinkedHashSet<>();
        Set<String> more = new LinkedHashSet<>();
        for (List<Condition.Term> terms : condition.anyOf()) {
            if (terms.stream().anyMatch(this::isNever)) {
                continue;
            }
            List<Way> some = List.of(Way.ANY);
            Set<String> tooMuch = new LinkedHashSet<>();
            for (Condition.Term term : terms) {
                some = term.negated()
                        ? without(some, term.anyOf(), missing, tooMuch)
                        : with(some, term.anyOf(), missing, less);
            }
            ways.addAll(some);
            if (!some.isEmpty()) {
                more.addAll(tooMuch);
            }
        }
        if (ways.size() > MOST) {
            missing.add(TOO_MANY);
        }
        return new Ways(
                List.copyOf(ways.subList(0, Math.min(MOST, ways.size()))),
                String.join(", ", missing),
                String.join(", ", less),
                String.join(", ", more));
    }

    /** Whether it is known that it does not hold. */
    private boolean isNever(Condition.Term term) {
        boolean isTrue =
                term.anyOf().stream().anyMatch(question -> known(question).orElse(false));
        boolean isFalse =
                term.anyOf().stream().allMatch(question -> !known(question).orElse(true) && !isUnlike(question));
        return term.negated() ? isTrue : isFalse;
    }

    /** Of hosts that a rule names it is known what HAProxy does; of all others only as far as names of sites go. */
    private boolean isUnlike(Question question) {
        return !question.unlike().isEmpty() && !(question instanceof Question.Host && host != null);
    }

    private List<Way> with(List<Way> ways, List<Question> questions, Set<String> missing, Set<String> less) {
        List<Way> next = new ArrayList<>();
        for (Question question : questions) {
            Optional<Boolean> known = known(question);
            if (known.isPresent() && known.get()) {
                return ways;
            }
            if (isUnlike(question)) {
                less.add(question.unlike());
            }
            if (known.isPresent()) {
                continue;
            }
            if (question instanceof Question.Source source) {
                ways.forEach(way -> way.from(source.ranges()).ifPresent(next::add));
                continue;
            }
            List<Match> matches = matches(question);
            if (matches.isEmpty()) {
                missing.add(why(question));
            }
            for (Way way : ways) {
                for (Match match : matches) {
                    way.and(match).flatMap(one -> one.without(beside(question))).ifPresent(next::add);
                }
            }
        }
        if (next.size() > MOST) {
            missing.add(TOO_MANY);
        }
        return next.subList(0, Math.min(MOST, next.size()));
    }

    /** A route for GET takes HEAD as well. */
    private static List<Match> beside(Question question) {
        return question instanceof Question.Method method
                        && method.methods().contains("GET")
                        && !method.methods().contains("HEAD")
                ? List.of(Match.ofMethods(Set.of("HEAD")))
                : List.of();
    }

    private List<Way> without(List<Way> ways, List<Question> questions, Set<String> missing, Set<String> more) {
        List<Way> next = ways;
        for (Question question : questions) {
            Optional<Boolean> known = known(question);
            if (known.isPresent() && known.get()) {
                return List.of();
            }
            if (isUnlike(question)) {
                more.add(question.unlike());
            }
            if (known.isPresent()) {
                continue;
            }
            if (question instanceof Question.Source source) {
                next = next.stream()
                        .flatMap(way -> way.notFrom(source.ranges()).stream())
                        .toList();
                continue;
            }
            List<Match> matches = matches(question);
            if (matches.isEmpty()) {
                missing.add(why(question));
                return List.of();
            }
            List<Way> rest = new ArrayList<>();
            for (Way way : next) {
                way.without(matches).ifPresent(rest::add);
                // Of those that a route for GET takes as well, it was not about HEAD.
                beside(question).forEach(head -> way.and(head).ifPresent(rest::add));
            }
            next = rest;
        }
        return next;
    }

    private Optional<Boolean> known(Question question) {
        if (question instanceof Question.Always always) {
            return Optional.of(always.holds());
        }
        if (question instanceof Question.Password) {
            return Optional.of(false);
        }
        if (question instanceof Question.Hello) {
            return Boolean.TRUE.equals(tls) ? Optional.of(true) : Optional.empty();
        }
        if (question instanceof Question.Tls) {
            return Optional.ofNullable(tls);
        }
        if (question instanceof Question.Host asked) {
            return Optional.of(host != null && asked.test().holds(host));
        }
        return Optional.empty();
    }

    private static List<Match> matches(Question question) {
        if (question instanceof Question.Path path) {
            return path.paths().stream()
                    .map(one -> Match.ofPath(path.exact(), one))
                    .toList();
        }
        if (question instanceof Question.Method method) {
            return List.of(Match.ofMethods(method.methods()));
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
        if (question instanceof Question.Hello) {
            return "what a client says first is not looked at";
        }
        return question instanceof Question.Tls
                ? "the same sites are served over HTTP and HTTPS, and routes cannot tell which"
                : "no route of Postern can ask for that";
    }
}
