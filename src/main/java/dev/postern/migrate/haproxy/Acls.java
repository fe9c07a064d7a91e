package dev.postern.migrate.haproxy;

import dev.postern.config.Addresses;
import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.migrate.Headers;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Paths;
import dev.postern.migrate.Tally;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The {@code acl}s of a section, and the conditions that are made of them. */
final class Acls {
    private static final String NO_COUNTERPART = "no route of Postern can ask for that";

    private static final Map<String, Question> PREDEFINED = Map.ofEntries(
            Map.entry("TRUE", new Question.Always(true)),
            Map.entry("FALSE", new Question.Always(false)),
            Map.entry("HTTP", new Question.Always(true)),
            Map.entry("WAIT_END", new Question.Arrived()),
            Map.entry("RDP_COOKIE", new Question.Arrived()),
            Map.entry("LOCALHOST", new Question.Source(List.of("127.0.0.0/8"))),
            Map.entry("METH_GET", new Question.Method(Set.of("GET"))),
            Map.entry("METH_HEAD", new Question.Method(Set.of("HEAD"))),
            Map.entry("METH_POST", new Question.Method(Set.of("POST"))),
            Map.entry("METH_PUT", new Question.Method(Set.of("PUT"))),
            Map.entry("METH_DELETE", new Question.Method(Set.of("DELETE"))),
            Map.entry("METH_OPTIONS", new Question.Method(Set.of("OPTIONS"))));

    private final Map<String, List<Question>> named = new HashMap<>();

    /** Lines that cannot be asked, or not exactly so, are noted at {@code at}. */
    Acls(Section section, Tally tally, Mapping at) {
        if (section.defaults() != null) {
            section.defaults().all("acl").forEach(this::add);
        }
        for (Statement acl : section.all("acl")) {
            add(acl);
            List<Question> tests = named.getOrDefault(acl.word(1), List.of());
            Question last = tests.isEmpty() ? new Question.Unknown(NO_COUNTERPART) : tests.get(tests.size() - 1);
            if (last instanceof Question.Unknown unknown) {
                tally.note(at, acl, unknown.why(), "see routes in README.md");
            } else {
                tally.carried(acl);
                caveat(acl, last, tally, at);
            }
        }
    }

    private static void caveat(Statement acl, Question test, Tally tally, Mapping at) {
        boolean folds = acl.words().contains("-i");
        if (folds
                && (test instanceof Question.Path
                        || (test instanceof Question.Header header
                                && !header.values().isEmpty()))) {
            tally.note(at, acl, "capital and small letters are told apart here", "more routes, where clients mix them");
        } else if (test instanceof Question.Host host && host.names().stream().anyMatch(HostName::isWildcard)) {
            tally.note(at, acl, "*. stands for one label", "more names, where there are several labels in front");
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
            }
            terms.add(new Condition.Term(negated, tests));
            negated = false;
        }
        anyOf.add(List.copyOf(terms));
        return new Condition(List.copyOf(anyOf));
    }

    private static Question test(List<String> words) {
        if (words.isEmpty()) {
            return new Question.Unknown("it asks for nothing");
        }
        Fetch fetch = Fetch.of(words.get(0));
        String way = fetch.way();
        int at = 1;
        while (at < words.size() && words.get(at).startsWith("-")) {
            String flag = words.get(at++);
            if (flag.equals("-m") && at < words.size()) {
                way = words.get(at++);
            } else if (flag.equals("-f") || flag.equals("-M")) {
                return new Question.Unknown("values from a file are not read");
            } else if (flag.equals("-u")) {
                at++;
            } else if (flag.equals("--")) {
                break;
            }
        }
        return test(fetch, way, words.subList(Math.min(at, words.size()), words.size()));
    }

    private static Question test(Fetch fetch, String way, List<String> values) {
        String subject = fetch.subject();
        boolean whole = way.isEmpty() || way.equals("str");
        if (fetch.isHost()) {
            return host(way, values);
        }
        if (subject.equals("ssl_fc") && whole) {
            return new Question.Tls();
        }
        if (List.of("ssl_hello_type", "req_ssl_hello_type").contains(subject)) {
            return new Question.Arrived();
        }
        if (subject.equals("path") && fetch.converters().isEmpty() && (whole || way.equals("beg"))) {
            return values.stream().allMatch(Paths::isGood) && !values.isEmpty()
                    ? new Question.Path(whole, values)
                    : new Question.Unknown("that is no path that a route may have");
        }
        if (subject.equals("src") && (whole || way.equals("ip"))) {
            return source(values);
        }
        if (subject.equals("method") && whole && !values.isEmpty()) {
            return new Question.Method(new LinkedHashSet<>(values));
        }
        if ((subject.equals("hdr") || subject.equals("fhdr"))
                && fetch.converters().isEmpty()) {
            return header(fetch.argument(), way, values);
        }
        if (List.of("always_true", "always_false").contains(subject)) {
            return new Question.Always(subject.equals("always_true"));
        }
        return new Question.Unknown(NO_COUNTERPART);
    }

    private static Question header(String name, String way, List<String> values) {
        boolean isCondition = !name.isEmpty()
                && name.chars().allMatch(c -> c == '-' || (c < 0x80 && Character.isLetterOrDigit(c)))
                && !Headers.isOurs(name)
                && !Headers.isFraming(name);
        boolean areValues = values.stream().allMatch(Headers::isLiteral);
        if (!isCondition || !areValues) {
            return new Question.Unknown(NO_COUNTERPART);
        }
        return switch (way) {
            case "", "str" ->
                values.isEmpty() ? new Question.Unknown(NO_COUNTERPART) : new Question.Header(name, "equals", values);
            case "beg" -> new Question.Header(name, "prefix", values);
            case "found" -> new Question.Header(name, "present", List.of());
            default -> new Question.Unknown(NO_COUNTERPART);
        };
    }

    private static Question source(List<String> values) {
        List<String> ranges = new ArrayList<>();
        for (String value : values) {
            int slash = value.indexOf('/');
            String host = slash < 0 ? value : value.substring(0, slash);
            InetAddress address = Addresses.literal(host);
            String bits = slash < 0 ? "" : value.substring(slash + 1);
            if (address == null || (slash >= 0 && !Numbers.isBetween(bits, 0, address.getAddress().length * 8))) {
                return new Question.Unknown("it names no address range");
            }
            ranges.add(
                    slash < 0
                            ? Addresses.text(address)
                            : Addresses.text(masked(address, Integer.parseInt(bits))) + "/" + bits);
        }
        return ranges.isEmpty()
                ? new Question.Unknown("it names no address range")
                : new Question.Source(List.copyOf(ranges));
    }

    private static InetAddress masked(InetAddress address, int bits) {
        byte[] bytes = address.getAddress();
        for (int i = 0; i < bytes.length; i++) {
            int kept = Math.max(0, Math.min(8, bits - i * 8));
            bytes[i] &= (byte) (0xff << (8 - kept));
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address has become longer", e);
        }
    }

    /** Whether exactly that one is asked for. */
    static Question host(String name) {
        return host("", List.of(name));
    }

    private static Question host(String way, List<String> values) {
        List<String> names = new ArrayList<>();
        for (String value : values) {
            String plain = value.toLowerCase(Locale.ROOT);
            String domain = plain.startsWith(".") ? plain.substring(1) : plain;
            switch (way) {
                case "", "str" -> names.add(plain);
                case "end", "dom" -> {
                    if (!plain.startsWith(".")) {
                        names.add(domain);
                    }
                    names.add("*." + domain);
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
        return read.isEmpty() ? new Question.Unknown("it names no host") : new Question.Host(List.copyOf(read));
    }
}
