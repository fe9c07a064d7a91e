package dev.postern.preflight;

/**
 * What one check of one name saw.
 *
 * @param about the name, or the issuer, that was looked at
 * @param sentence what was seen, what was expected, and what to do
 */
public record Finding(Check check, String about, Verdict verdict, String sentence) {
    /** What is looked at. */
    public enum Check {
        ADDRESS_IPV4("address-ipv4"),
        ADDRESS_IPV6("address-ipv6"),
        PROBE("probe"),
        CAA("caa"),
        DIRECTORY("directory"),
        CLOCK("clock");

        private final String text;

        Check(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    /** From good to bad. */
    public enum Verdict {
        OK("ok"),
        /** An order may fail, and may not: from here it cannot be told. */
        WARNING("warning"),
        /** Nobody answered whose answer an order needs: as things are now it would fail. */
        UNKNOWN("unknown"),
        /** An order would fail, whatever the CA does. */
        CERTAIN("certain failure");

        private final String text;

        Verdict(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    static Finding ok(Check check, String about, String sentence) {
        return new Finding(check, about, Verdict.OK, sentence);
    }

    static Finding warning(Check check, String about, String sentence) {
        return new Finding(check, about, Verdict.WARNING, sentence);
    }

    static Finding certain(Check check, String about, String sentence) {
        return new Finding(check, about, Verdict.CERTAIN, sentence);
    }

    /** Not certain after all: the CA may see another DNS than we do. */
    Finding doubted() {
        return verdict == Verdict.CERTAIN ? warning(check, about, sentence) : this;
    }

    /** {@code example.com: address-ipv6: warning: …}. */
    @Override
    public String toString() {
        return about + ": " + check.text() + ": " + verdict.text() + ": " + sentence;
    }
}
