package dev.postern.migrate.haproxy;

import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.config.RegularFile;
import dev.postern.migrate.Headers;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Paths;
import dev.postern.migrate.Ranges;
import dev.postern.migrate.SiteDraft;
import dev.postern.migrate.Tally;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The {@code acl}s of a section, and the conditions that are made of them. */
final class Acls {
    private static final String NO_COUNTERPART = "no route of Postern can ask for that";

    private static final int LARGEST_FILE = 1 << 16;
    // More than anybody would read in a list.
    private static final int MOST_LINES = 200;

    private static final Question FIRST_BYTES = new Question.Unknown("what a client says first is not looked at");

    private static final Map<String, Question> PREDEFINED = Map.ofEntries(
            Map.entry("TRUE", new Question.Always(true)),
            Map.entry("FALSE", new Question.Always(false)),
            Map.entry("HTTP", new Question.Always(true)),
            // Whatever has to be waited for.
            Map.entry("WAIT_END", new Question.Always(true)),
            Map.entry("RDP_COOKIE", FIRST_BYTES),
            Map.entry("REQ_CONTENT", FIRST_BYTES),
            Map.entry("HTTP_1.0", new Question.Unknown(NO_COUNTERPART)),
            Map.entry("HTTP_1.1", new Question.Unknown(NO_COUNTERPART)),
            Map.entry("HTTP_2.0", new Question.Unknown(NO_COUNTERPART)),
            Map.entry("HTTP_CONTENT", new Question.Unknown(NO_COUNTERPART)),
            Map.entry("HTTP_URL_ABS", new Question.Unknown(NO_COUNTERPART)),
            Map.entry("HTTP_URL_SLASH", new Question.Path(false, List.of("/"), "")),
            Map.entry("HTTP_URL_STAR", new Question.Unknown(NO_COUNTERPART)),
            Map.entry("LOCALHOST", new Question.Source(List.of("127.0.0.0/8"))),
            Map.entry("METH_GET", new Question.Method(new LinkedHashSet<>(List.of("GET", "HEAD")))),
            Map.entry("METH_HEAD", new Question.Method(Set.of("HEAD"))),
            Map.entry("METH_POST", new Question.Method(Set.of("POST"))),
            Map.entry("METH_PUT", new Question.Method(Set.of("PUT"))),
            Map.entry("METH_DELETE", new Question.Method(Set.of("DELETE"))),
            Map.entry("METH_CONNECT", new Question.Method(Set.of("CONNECT"))),
            Map.entry("METH_TRACE", new Question.Method(Set.of("TRACE"))),
            Map.entry("METH_OPTIONS", new Question.Method(Set.of("OPTIONS"))));

    private static final String LETTERS = "capital and small letters are told apart here";

    private final Section section;
    private final Map<String, List<Question>> named = new HashMap<>();
    private final Set<String> asked = new HashSet<>();
    private final Set<String> files = new LinkedHashSet<>();

    /** Lines that cannot be asked are noted at {@code at}. */
    Acls(Section section, Tally tally, Mapping at) {
        this.section = section;
        if (section.defaults() != null) {
            section.defaults().all("acl").forEach(this::add);
        }
        for (Statement acl : section.all("acl")) {
            add(acl);
            List<Question> tests = named.getOrDefault(acl.word(1), List.of());
            Question last = tests.isEmpty() ? new Question.Unknown(NO_COUNTERPART) : tests.get(tests.size() - 1);
            if (last instanceof Question.Unknown unknown) {
                tally.note(at, acl, unknown.why(), "see docs/routes.md");
            }
        }
    }

    /** Once all conditions were read: those that some rule asks for are carried over with it. */
    void tell(Tally tally, Mapping at) {
        files.forEach(file -> at.remark("The values in " + file + " were put in as they were at the import."));
        for (Statement acl : section.all("acl")) {
            if (asked.contains(acl.word(1))) {
                tally.carried(acl);
            } else if (tally.isOpen(acl)) {
                tally.note(at, acl, "no rule that could be carried over asks for it", "");
            }
        }
    }

    private void add(Statement acl) {
        named.computeIfAbsent(acl.word(1), name -> new ArrayList<>()).add(test(acl.after(2)));
    }

    /** Of what stands behind {@code if} or {@code unless}; always where neither is there. */
    Condition of(List<String> words) {
        int at = -1;
        for (int i = 0; i < words.size() && at < 0; i++) {
            if (words.get(i).equals("if") || words.get(i).equals("unless")) {
                at = i;
            }
        }
        if (at < 0) {
            return Condition.ALWAYS;
        }
        Condition condition = parse(words.subList(at + 1, words.size()));
        return words.get(at).equals("unless") ? condition.not() : condition;
    }

    private Condition parse(List<String> words) {
        List<List<Condition.Term>> anyOf = new ArrayList<>();
        List<Condition.Term> terms = new ArrayList<>();
        boolean negated = false;
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            while (word.startsWith("!")) {
                negated = !negated;
                word = word.substring(1);
            }
            if (word.isEmpty() || word.equals("and") || word.equals("&&")) {
                continue;
            }
            if (word.equals("or") || word.equals("||")) {
                anyOf.add(List.copyOf(terms));
                terms.clear();
                continue;
            }
            List<Question> tests;
            if (word.equals("{")) {
                int end = i + 1;
                while (end < words.size() && !words.get(end).equals("}")) {
                    end++;
                }
                tests = List.of(test(words.subList(i + 1, end)));
                i = end;
            } else {
                Question predefined =
                        PREDEFINED.getOrDefault(word, new Question.Unknown("there is no acl of that name"));
                tests = named.getOrDefault(word, List.of(predefined));
                asked.add(word);
            }
            terms.add(new Condition.Term(negated, tests));
            negated = false;
        }
        anyOf.add(List.copyOf(terms));
        return new Condition(List.copyOf(anyOf));
    }

    private Question test(List<String> words) {
        if (words.isEmpty()) {
            return new Question.Unknown("it asks for nothing");
        }
        Fetch fetch = Fetch.of(words.get(0));
        String way = fetch.way();
        boolean folds = false;
        List<String> values = new ArrayList<>();
        int at = 1;
        while (at < words.size() && words.get(at).startsWith("-")) {
            String flag = words.get(at++);
            if (flag.equals("-m") && at < words.size()) {
                way = words.get(at++);
            } else if (flag.equals("-f") && at < words.size()) {
                Optional<List<String>> read = lines(words.get(at++));
                if (read.isEmpty()) {
                    return new Question.Unknown("the file with its values is not here, or too long");
                }
                values.addAll(read.get());
            } else if (flag.equals("-M")) {
                return new Question.Unknown("maps are not read");
            } else if (flag.equals("-u")) {
                at++;
            } else if (flag.equals("-i")) {
                folds = true;
            } else if (flag.equals("--")) {
                break;
            }
        }
        values.addAll(words.subList(Math.min(at, words.size()), words.size()));
        return test(fetch, way, folds, values);
    }

    /** The values that a file has, one a line. */
    private Optional<List<String>> lines(String file) {
        try {
            if (!file.startsWith("/")) {
                return Optional.empty();
            }
            List<String> lines = RegularFile.text(Path.of(file), LARGEST_FILE)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .toList();
            files.add(file);
            return lines.size() > MOST_LINES ? Optional.empty() : Optional.of(lines);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** @param folds whether capital and small letters are the same */
    private static Question test(Fetch fetch, String way, boolean folds, List<String> values) {
        String subject = fetch.subject();
        boolean whole = way.isEmpty() || way.equals("str");
        if (fetch.isHost()) {
            return host(whole ? "str" : way, values);
        }
        if (subject.equals("ssl_fc") && whole && values.isEmpty()) {
            return new Question.Tls();
        }
        if (List.of("ssl_hello_type", "req_ssl_hello_type", "req.ssl_hello_type")
                .contains(subject)) {
            return values.equals(List.of("1")) ? new Question.Hello() : FIRST_BYTES;
        }
        if (subject.equals("path") && fetch.converters().isEmpty() && (whole || way.equals("beg"))) {
            return path(whole, folds, values);
        }
        if (subject.equals("src") && (whole || way.equals("ip"))) {
            return source(values);
        }
        if (List.of("http_auth", "http_auth_group").contains(subject)) {
            return new Question.Password();
        }
        if (subject.equals("method") && whole && !values.isEmpty()) {
            return new Question.Method(new LinkedHashSet<>(values));
        }
        if ((subject.equals("hdr") || subject.equals("fhdr"))
                && fetch.converters().isEmpty()) {
            return header(fetch, way, folds, values);
        }
        if (List.of("always_true", "always_false").contains(subject)) {
            return new Question.Always(subject.equals("always_true"));
        }
        return new Question.Unknown(NO_COUNTERPART);
    }

    private static Question path(boolean exact, boolean folds, List<String> values) {
        List<String> good = values.stream().filter(Paths::isGood).toList();
        if (good.isEmpty()) {
            return new Question.Unknown("that is no path that a route may have");
        }
        List<String> unlike = new ArrayList<>();
        if (folds && good.stream().anyMatch(Acls::hasLetters)) {
            unlike.add(LETTERS);
        }
        if (!exact) {
            good.stream()
                    .filter(path -> !path.endsWith("/") && !path.equals(SiteDraft.CHALLENGES))
                    .findFirst()
                    .ifPresent(path -> unlike.add("paths are taken by whole segments, so not " + path + "x"));
        }
        values.stream()
                .filter(path -> !Paths.isGood(path))
                .forEach(path -> unlike.add(path + " is no path that a route may have"));
        return new Question.Path(exact, good, String.join(", ", unlike));
    }

    private static boolean hasLetters(String text) {
        return text.chars().anyMatch(Character::isLetter);
    }

    private static Question header(Fetch fetch, String way, boolean folds, List<String> values) {
        String name = fetch.argument();
        boolean isCondition = !name.isEmpty()
                && name.chars().allMatch(c -> c == '-' || (c < 0x80 && Character.isLetterOrDigit(c)))
                && !Headers.isOurs(name)
                && !Headers.isFraming(name);
        boolean areValues = values.stream().allMatch(Headers::isLiteral);
        if (!isCondition || !areValues) {
            return new Question.Unknown(NO_COUNTERPART);
        }
        List<String> unlike = new ArrayList<>();
        if (fetch.subject().equals("hdr")) {
            unlike.add("a value is taken as a whole, not cut at commas");
        }
        if (folds && values.stream().anyMatch(Acls::hasLetters)) {
            unlike.add(LETTERS);
        }
        String lower = name.toLowerCase(Locale.ROOT);
        return switch (way) {
            case "", "str" ->
                values.isEmpty()
                        ? new Question.Unknown(NO_COUNTERPART)
                        : new Question.Header(lower, "equals", values, String.join(", ", unlike));
            case "beg" -> new Question.Header(lower, "prefix", values, String.join(", ", unlike));
            case "found" -> new Question.Header(lower, "present", List.of(), "");
            default -> new Question.Unknown(NO_COUNTERPART);
        };
    }

    private static Question source(List<String> values) {
        List<String> ranges =
                values.stream().map(Ranges::of).flatMap(Optional::stream).toList();
        return ranges.isEmpty() || ranges.size() < values.size()
                ? new Question.Unknown("it names no address range")
                : new Question.Source(ranges);
    }

    /** Whether exactly that one is asked for. */
    static Question host(String name) {
        return host("str", List.of(name));
    }

    private static Question host(String way, List<String> values) {
        List<String> names = new ArrayList<>();
        List<String> plain =
                values.stream().map(value -> value.toLowerCase(Locale.ROOT)).toList();
        String unlike = "";
        for (String value : plain) {
            String domain = value.startsWith(".") ? value.substring(1) : value;
            switch (way) {
                case "str" -> names.add(value);
                case "end", "dom" -> {
                    if (!value.startsWith(".") || way.equals("dom")) {
                        names.add(domain);
                    }
                    names.add("*." + domain);
                    unlike = "*." + domain + " stands for one label, so not a.b." + domain
                            + (value.startsWith(".") || way.equals("dom") ? "" : ", nor x" + domain);
                }
                default -> {
                    return new Question.Unknown("names of sites have no such patterns");
                }
            }
        }
        List<String> read = new ArrayList<>();
        for (String name : names) {
            try {
                read.add(HostName.SITE.parse(name));
            } catch (NotUnderstood e) {
                return new Question.Unknown("that is no name that a site may have");
            }
        }
        return read.isEmpty()
                ? new Question.Unknown("it names no host")
                : new Question.Host(List.copyOf(read), new HostTest(way, plain), unlike);
    }
}
