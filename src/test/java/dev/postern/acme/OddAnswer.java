package dev.postern.acme;

import dev.postern.config.ChallengeType;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One odd but legal answer of a CA, and what must come of it: a file in {@code src/test/resources/odd-answers}.
 *
 * <pre>
 * # What it is, and who met it.
 * names: example.com www.example.com     that are ordered; example.com if nothing is said
 * challenges: http-01 tls-alpn-01        that the site can solve; offers: those that the CA takes
 * profile: shortlived required           that the configuration names; profiles: those that the CA has
 * refuse: example.com dns                every validation of the name fails so
 * headers: Retry-After 60                of every answer that is made up
 * at new-order 1: problem 429 rateLimited too many
 * at order: set status "processing"      edits, in order; without a number, of each
 * expect: certificate of 2               leaf and how many more; or: failure CA "a text of it"
 * then: certificate of 2                 what a second attempt with the same journal brings
 * asked: new-order 1                     how many requests of a kind there were in all
 * blames: www.example.com                holds: SITE   after: 60
 * </pre>
 */
final class OddAnswer {
    final String name;
    private final URI base;
    private final List<String> names = new ArrayList<>(List.of("example.com"));
    private List<ChallengeType> challenges = List.of(ChallengeType.HTTP_01);
    private List<ChallengeType> offers = List.of(ChallengeType.values());
    private @Nullable String profile;
    private boolean profileRequired;
    private List<String> profiles = List.of();
    private final List<String[]> refusals = new ArrayList<>();
    private final Map<String, String> headers = new LinkedHashMap<>();
    private final List<Edit> edits = new ArrayList<>();
    final List<String> expected = new ArrayList<>();
    final Map<String, Integer> asked = new LinkedHashMap<>();

    @Nullable String blames;

    @Nullable String holds;

    @Nullable String after;

    @Nullable String preferredChain;

    /** @param count which request of the kind; 0 for each */
    record Edit(String kind, int count, String action, String argument) {
        String[] words(int most) {
            return argument.split(" ", most);
        }
    }

    OddAnswer(String name, String text) {
        this(name, text, OddCa.BASE);
    }

    /** @param base where the CA is */
    OddAnswer(String name, String text, URI base) {
        this.name = name;
        this.base = base;
        for (String line : text.lines().toList()) {
            if (!line.isBlank() && !line.startsWith("#")) {
                read(line);
            }
        }
        if (expected.isEmpty()) {
            throw new IllegalArgumentException(name + ": expects nothing");
        }
    }

    private void read(String line) {
        String[] parts = line.split(": *", 2);
        String value = parts[1].trim().replace("{base}", base.toString());
        if (parts[0].startsWith("at ")) {
            String[] where = parts[0].split(" ", -1);
            String[] what = value.split(" ", 2);
            edits.add(new Edit(
                    where[1],
                    where.length > 2 ? Integer.parseInt(where[2]) : 0,
                    what[0],
                    what.length > 1 ? what[1] : ""));
            return;
        }
        switch (parts[0]) {
            case "names" -> {
                names.clear();
                names.addAll(List.of(value.split(" ", -1)));
            }
            case "challenges" -> challenges = OddCa.types(value);
            case "offers" -> offers = OddCa.types(value);
            case "profile" -> {
                profile = value.split(" ", -1)[0];
                profileRequired = value.endsWith(" required");
            }
            case "profiles" -> profiles = List.of(value.split(" ", -1));
            case "preferred-chain" -> preferredChain = value;
            case "refuse" -> refusals.add(value.split(" ", -1));
            case "headers" -> headers.put(value.split(" ", 2)[0], value.split(" ", 2)[1]);
            case "expect", "then" -> expected.add(value);
            case "asked" -> asked.put(value.split(" ", -1)[0], Integer.valueOf(value.split(" ", -1)[1]));
            case "blames" -> blames = value;
            case "holds" -> holds = value;
            case "after" -> after = value;
            default -> throw new IllegalArgumentException(name + ": unknown line: \"" + line + '"');
        }
    }

    URI base() {
        return base;
    }

    List<String> names() {
        return names;
    }

    List<ChallengeType> challenges() {
        return challenges;
    }

    List<ChallengeType> offers() {
        return offers;
    }

    @Nullable String profile() {
        return profile;
    }

    boolean isProfileRequired() {
        return profileRequired;
    }

    List<String> profiles() {
        return profiles;
    }

    Map<String, String> headers() {
        return headers;
    }

    List<Edit> edits(String kind, int count) {
        return edits.stream()
                .filter(edit -> edit.kind().equals(kind) && (edit.count() == 0 || edit.count() == count))
                .toList();
    }

    /** The type of the problem with which a validation fails; empty where it does not. */
    Optional<String> refusal(String of, String challenge) {
        return refusals.stream()
                .filter(refusal -> refusal[0].equals(of) && (refusal.length < 3 || refusal[1].equals(challenge)))
                .map(refusal -> refusal[refusal.length - 1])
                .findFirst();
    }
}
