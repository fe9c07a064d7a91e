package dev.postern.migrate.haproxy;

import java.util.ArrayList;
import java.util.List;

/**
 * What stands behind {@code if} or {@code unless}.
 *
 * @param anyOf of which one has to hold; all terms of it
 */
record Condition(List<List<Term>> anyOf) {
    static final Condition ALWAYS = new Condition(List.of(List.of()));

    // More than anybody would want to read as routes.
    private static final int MOST = 64;

    /** One test of several has to hold, or, where it is negated, none may. */
    record Term(boolean negated, List<Question> anyOf) {
        Term not() {
            return new Term(!negated, anyOf);
        }
    }

    boolean isAlways() {
        return anyOf.stream().anyMatch(List::isEmpty);
    }

    /** Where that holds as well. */
    Condition and(Term term) {
        return new Condition(anyOf.stream()
                .map(terms -> {
                    List<Term> longer = new ArrayList<>(terms);
                    longer.add(term);
                    return List.copyOf(longer);
                })
                .toList());
    }

    /** What holds where this does not. */
    Condition not() {
        List<List<Term>> all = List.of(List.of());
        for (List<Term> terms : anyOf) {
            List<List<Term>> next = new ArrayList<>();
            for (List<Term> so : all) {
                for (Term term : terms) {
                    if (next.size() < MOST) {
                        List<Term> longer = new ArrayList<>(so);
                        longer.add(term.not());
                        next.add(longer);
                    }
                }
            }
            all = next;
        }
        return new Condition(List.copyOf(all));
    }
}
