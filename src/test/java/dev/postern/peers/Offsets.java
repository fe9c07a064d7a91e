package dev.postern.peers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;

/** Where it matters that bytes arrive in two pieces. */
final class Offsets {
    /** -Dpeers.cuts=all: in front of every byte of every case. */
    private static final boolean IS_ALL = "all".equals(System.getProperty("peers.cuts"));

    private static final int SHORT_LINE = 6;

    /** What is special about a case is at its end, as a rule: heads begin alike, and are sent byte by byte as well. */
    private static final int LAST = 48;

    private static final int BEGINNING = 250;
    private static final int END = 40;
    private static final int PREFACE = 24;
    private static final int FRAME_HEADER = 9;

    private Offsets() {}

    /** @param cut what was cut in front of its last byte before; this is added */
    static List<Integer> ofRequest(PeerCase sent, Set<String> cut) {
        byte[] bytes = sent.request();
        String text = new String(bytes, ISO_8859_1);
        IntPredicate matters =
                sent.over() == PeerCase.Over.H2 ? edges(bytes)::contains : offset -> matters(text, offset);
        return of(sent.over().name(), text, matters, cut);
    }

    /** As for the request; that is the same for most answers. */
    static List<Integer> ofAnswer(PeerCase sent, Set<String> cut) {
        String text = new String(sent.answer(), ISO_8859_1);
        String request = sent.over().name() + new String(sent.request(), ISO_8859_1);
        return of(request, text, offset -> matters(text, offset), cut);
    }

    /** As many at the beginning, and some at the end, of what is sent byte by byte: the rest of it is just long. */
    static IntPredicate eachOf(byte[] bytes) {
        return offset -> offset <= BEGINNING || bytes.length - offset <= END;
    }

    private static List<Integer> of(String before, String text, IntPredicate matters, Set<String> cut) {
        List<Integer> offsets = new ArrayList<>();
        for (int offset = 1; offset < text.length(); offset++) {
            // The byte behind the cut counts: it is the first one that is read alone. What follows does not.
            if (IS_ALL || (matters.test(offset) && cut.add(before + text.substring(0, offset + 1)))) {
                offsets.add(offset);
            }
        }
        return offsets;
    }

    /** Everywhere in a line that may be a chunk's size, and elsewhere at the edges of words. */
    private static boolean matters(String text, int offset) {
        if (text.length() - offset > LAST) {
            return false;
        }
        int line = text.lastIndexOf('\n', offset - 1) + 1;
        int end = text.indexOf('\r', offset);
        boolean isShortLine = line > 0 && end >= 0 && end - line <= SHORT_LINE;
        return isShortLine || !isOfWord(text.charAt(offset - 1)) || !isOfWord(text.charAt(offset));
    }

    private static boolean isOfWord(char letter) {
        return letter < 128 && Character.isLetterOrDigit(letter);
    }

    /** Inside each field of a frame's header and between them, and in front of its payload's first byte and of its last. */
    private static List<Integer> edges(byte[] bytes) {
        List<Integer> edges = new ArrayList<>();
        int start = bytes.length > 0 && bytes[0] == 'P' ? PREFACE : 0;
        while (start + FRAME_HEADER <= bytes.length) {
            for (int i : new int[] {0, 1, 3, 4, 5, 7, FRAME_HEADER, FRAME_HEADER + 1}) {
                edges.add(start + i);
            }
            int length = (bytes[start] & 0xff) << 16 | (bytes[start + 1] & 0xff) << 8 | (bytes[start + 2] & 0xff);
            start += FRAME_HEADER + length;
            edges.add(start - 1);
        }
        return edges;
    }
}
