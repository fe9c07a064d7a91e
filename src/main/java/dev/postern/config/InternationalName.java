package dev.postern.config;

import java.net.IDN;
import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Names with letters outside ASCII, as A-labels. The JDK knows the IDNA of 2003, for which ß is another spelling of ss and
 * ς of σ: {@code straße.de} would be {@code strasse.de}, which may be somebody else's. Today's (IDNA 2008, and <a
 * href="https://www.unicode.org/reports/tr46/#Deviations">UTS #46 §2.3</a> without its transitional processing, which
 * browsers and curl follow) keep the four characters in which both differ. So do we: the first two are encoded as they are; the
 * two invisible ones, which are right only in certain scripts and places, the operator has to write as an A-label.
 */
final class InternationalName {
    private static final String PREFIX = "xn--";
    private static final char SHARP_S = '\u00DF';
    private static final char FINAL_SIGMA = '\u03C2';
    private static final String NON_JOINER = "\u200C";
    private static final String JOINER = "\u200D";

    private InternationalName() {}

    /** Lower-case and ASCII; a name that is ASCII already is taken for what it says. */
    static String ascii(String text) throws NotUnderstood {
        if (isAscii(text)) {
            return text.toLowerCase(Locale.ROOT);
        }
        List<String> labels = new ArrayList<>();
        // The dots of https://datatracker.ietf.org/doc/html/rfc3490#section-3.1
        for (String label : text.split("[.\u3002\uFF0E\uFF61]", -1)) {
            labels.add(isAscii(label) ? label.toLowerCase(Locale.ROOT) : label(label));
        }
        if (text.contains(JOINER) || text.contains(NON_JOINER)) {
            throw new NotUnderstood(
                    "has an invisible character (U+200C or U+200D), which some clients keep and others drop;"
                            + " write " + Quoted.of(String.join(".", labels)) + " or "
                            + Quoted.of(of2003(text).toLowerCase(Locale.ROOT)));
        }
        return String.join(".", labels);
    }

    private static String label(String label) throws NotUnderstood {
        // Checks the other characters, and maps them the same way as the new rules do.
        String old = of2003(label);
        String mapped = mapped(label);
        boolean differ = mapped.indexOf(SHARP_S) >= 0
                || mapped.indexOf(FINAL_SIGMA) >= 0
                || mapped.contains(JOINER)
                || mapped.contains(NON_JOINER);
        return differ ? PREFIX + Punycode.encode(mapped) : old.toLowerCase(Locale.ROOT);
    }

    private static String of2003(String text) throws NotUnderstood {
        try {
            // It knows no capital ß.
            return IDN.toASCII(text.replace('\u1E9E', SHARP_S), IDN.USE_STD3_ASCII_RULES);
        } catch (IllegalArgumentException e) {
            throw new NotUnderstood("has no ASCII form (IDNA)");
        }
    }

    /** One letter at a time: a Σ at the end is a σ like any other, which Java knows better for whole words. */
    private static String mapped(String label) {
        StringBuilder lower = new StringBuilder();
        Normalizer.normalize(label, Form.NFKC)
                .codePoints()
                .map(Character::toLowerCase)
                .forEach(lower::appendCodePoint);
        return Normalizer.normalize(lower, Form.NFKC);
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }
}
