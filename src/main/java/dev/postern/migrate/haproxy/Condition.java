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

    private static final Condition TOO_MANY =
            new Condition(List.of(List.of(new Term(false, List.of(new Question.Unknown("too many cases"))))));

    /** One test of several has to hold, or, where it is negated, none may. */
    record Term(boolean negated, List<Question> anyOf) {
        Term not() {
            return new Term(!negated, anyOf);
        }
    }

    boolean isAlways() {
        return anyOf.stream().anyMatch(List::isEmpty);
    }

    boolean asksForAddress() {
        return asksFor(Question.Source.class);
    }

    boolean asksForHost() {
        return asksFor(Question.Host.class);
    }

    boolean asksForPassword() {
        return asksFor(Question.Password.class);
    }

    private boolean asksFor(Class<? extends Question> kind) {
        return anyOf.stream()
                .flatMap(List::stream)
                .flatMap(term -> term.anyOf().stream())
                .anyMatch(kind::isInstance);
    }

    /** All that it asks for. */
    List<String> hosts() {
        return anyOf.stream()
                .flatMap(List::stream)
                .flatMap(term -> term.anyOf().stream())
                .filter(Question.Host.class::isInstance)
                .flatMap(question -> ((Question.Host) question).names().stream())
                .distinct()
                .toList();
    }

    /** The same where HAProxy asks for another address than that of the connection. */
    Condition ofAnotherSource() {
        Question another = new Question.Unknown("set-src has another address asked for");
        return new Condition(anyOf.stream()
                .map(terms -> terms.stream()
                        .map(term -> new Term(
                                term.negated(),
                                term.anyOf().stream()
                                        .map(question -> question instanceof Question.Source ? another : question)
                                        .toList()))
                        .toList())
                .toList());
    }

    /** Where that holds as well. */
    Condition and(Condition other) {
        if (isAlways()) {
            return other;
        }
        List<List<Term>> all = new ArrayList<>();
        for (List<Term> terms : anyOf) {
            for (List<Term> more : other.anyOf) {
                List<Term> longer = new ArrayList<>(terms);
                longer.addAll(more);
                all.add(List.copyOf(longer));
            }
        }
        return all.size() > MOST ? TOO_MANY : new Condition(List.copyOf(all));
    }

    /** What holds where this does not. */
    Condition not() {
        List<List<Term>> all = List.of(List.of());
        for (List<Term> terms : anyOf) {
            List<List<Term>> next = new ArrayList<>();
            for (List<Term> so : all) {
                for (Term term : terms) {
                    List<Term> longer = new ArrayList<>(so);
                    longer.add(term.not());
                    next.add(longer);
                }
            }
            if (next.size() > MOST) {
                return TOO_MANY;
            }
            all = next;
        }
        return new Condition(List.copyOf(all));
    }
}
