package dev.postern.config;

/** <a href="https://datatracker.ietf.org/doc/html/rfc3492">RFC 3492</a>, with the parameters of §5. */
final class Punycode {
    private static final int BASE = 36;
    private static final int T_MIN = 1;
    private static final int T_MAX = 26;
    private static final int SKEW = 38;
    private static final int DAMP = 700;
    private static final int INITIAL_BIAS = 72;
    private static final int INITIAL_N = 0x80;

    private Punycode() {}

    /** Of one label, without the prefix of an A-label. */
    static String encode(String label) {
        int[] points = label.codePoints().toArray();
        StringBuilder out = new StringBuilder();
        label.chars().filter(c -> c < INITIAL_N).forEach(c -> out.append((char) c));
        int basic = out.length();
        if (basic > 0) {
            out.append('-');
        }
        int n = INITIAL_N;
        long delta = 0;
        int bias = INITIAL_BIAS;
        for (int handled = basic; handled < points.length; ) {
            int next = Integer.MAX_VALUE;
            for (int point : points) {
                if (point >= n && point < next) {
                    next = point;
                }
            }
            delta += (long) (next - n) * (handled + 1);
            n = next;
            for (int point : points) {
                if (point < n) {
                    delta++;
                } else if (point == n) {
                    long q = delta;
                    for (int k = BASE; ; k += BASE) {
                        int t = threshold(k, bias);
                        if (q < t) {
                            break;
                        }
                        out.append(digit((int) (t + (q - t) % (BASE - t))));
                        q = (q - t) / (BASE - t);
                    }
                    out.append(digit((int) q));
                    bias = adapt(delta, handled + 1, handled == basic);
                    delta = 0;
                    handled++;
                }
            }
            delta++;
            n++;
        }
        return out.toString();
    }

    /**
     * What {@link #encode} makes {@code text} of.
     *
     * @throws NotUnderstood where there is no such thing
     */
    static String decode(String text) throws NotUnderstood {
        int hyphen = text.lastIndexOf('-');
        StringBuilder out = new StringBuilder(text.substring(0, Math.max(hyphen, 0)));
        int n = INITIAL_N;
        long i = 0;
        int bias = INITIAL_BIAS;
        int count = out.length();
        for (int at = hyphen < 0 ? 0 : hyphen + 1; at < text.length(); ) {
            long before = i;
            long weight = 1;
            for (int k = BASE; ; k += BASE) {
                int digit = at < text.length() ? Character.digit(text.charAt(at++), BASE) : -1;
                if (digit < 0) {
                    throw new NotUnderstood("has a label that is no punycode");
                }
                // Letters come before digits here.
                digit = digit < 10 ? digit + 26 : digit - 10;
                i += digit * weight;
                int t = threshold(k, bias);
                if (digit < t) {
                    break;
                }
                weight *= BASE - t;
                if (i > Integer.MAX_VALUE || weight > Integer.MAX_VALUE) {
                    throw new NotUnderstood("has a label that is no punycode");
                }
            }
            bias = adapt(i - before, count + 1, before == 0);
            long point = n + i / (count + 1);
            if (point > Character.MAX_CODE_POINT || (point >= 0xD800 && point < 0xE000)) {
                throw new NotUnderstood("has a label that is no punycode");
            }
            n = (int) point;
            i %= count + 1;
            out.insert(out.offsetByCodePoints(0, (int) i), Character.toString(n));
            i++;
            count++;
        }
        return out.toString();
    }

    private static int threshold(int k, int bias) {
        return Math.min(Math.max(k - bias, T_MIN), T_MAX);
    }

    private static char digit(int value) {
        return (char) (value < 26 ? 'a' + value : '0' + value - 26);
    }

    private static int adapt(long delta, int points, boolean first) {
        long left = first ? delta / DAMP : delta / 2;
        left += left / points;
        int k = 0;
        while (left > (BASE - T_MIN) * T_MAX / 2) {
            left /= BASE - T_MIN;
            k += BASE;
        }
        return (int) (k + (BASE - T_MIN + 1) * left / (left + SKEW));
    }
}
