package dev.postern.config.read;

import dev.postern.config.ServerFaults;
import dev.postern.config.Spelling;
import dev.postern.config.Words;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Reads lists such as {@code [502, 503, timeout]}. */
final class ServerFaultsReader {
    private ServerFaultsReader() {}

    /** @param words which kinds may be listed */
    static ServerFaults read(Section at, String key, Set<ServerFaults.Kind> words, ServerFaults otherwise) {
        Value value = at.find(key, texts(otherwise));
        if (value == null) {
            return otherwise;
        }
        String expected =
                Words.or(words.stream().map(ServerFaultsReader::word).toList()) + ", or a status from 400 to 599";
        Spelling<String> spelling = Spelling.form("[45][0-9]{2}", text -> text);
        for (ServerFaults.Kind word : words) {
            spelling = spelling.or(word(word), word(word));
        }
        EnumSet<ServerFaults.Kind> kinds = EnumSet.noneOf(ServerFaults.Kind.class);
        BitSet statuses = new BitSet();
        for (Value item : value.itemsOrOne("a list such as [502, 503, timeout]")) {
            String text = item.text(expected, spelling);
            if (text == null) {
                continue;
            }
            ServerFaults.Kind kind = words.stream()
                    .filter(known -> word(known).equals(text))
                    .findFirst()
                    .orElse(null);
            if (kind != null) {
                kinds.add(kind);
            } else if (text.matches("[45][0-9]{2}")) {
                statuses.set(Integer.parseInt(text));
            } else if (text.equals("connect")) {
                item.problem(
                        "\"connect\" needs no mention: where no connection can be made, the next server is always tried"
                                + " (expected: " + expected + ")");
            } else {
                item.refuse(text, "", expected);
            }
        }
        return new ServerFaults(Set.copyOf(kinds), statuses);
    }

    private static List<String> texts(ServerFaults faults) {
        return Stream.concat(
                        faults.kinds().stream().sorted().map(ServerFaultsReader::word),
                        faults.statuses().stream().mapToObj(Integer::toString))
                .toList();
    }

    static ServerFaults of(Set<ServerFaults.Kind> kinds, int... statuses) {
        BitSet set = new BitSet();
        for (int status : statuses) {
            set.set(status);
        }
        return new ServerFaults(kinds, set);
    }

    private static String word(ServerFaults.Kind kind) {
        return kind.name().toLowerCase(java.util.Locale.ROOT);
    }
}
