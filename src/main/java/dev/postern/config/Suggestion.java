package dev.postern.config;

import java.util.Collection;
import java.util.Locale;

/** The word that a mistyped one probably stands for. */
public final class Suggestion {
    private Suggestion() {}

    /** {@code ; did you mean "backend"?} where a known word is near, else {@code  (known: names, backend)}. */
    public static String among(Collection<String> known, String word) {
        String plain = word.toLowerCase(Locale.ROOT).replace('_', '-');
        String nearest = "";
        int least = Integer.MAX_VALUE;
        for (String candidate : known) {
            int distance = distance(plain, candidate);
            if (distance < least) {
                least = distance;
                nearest = candidate;
            }
        }
        // A third of the letters wrong is a slip of the fingers; more is another word.
        boolean isNear = least <= Math.max(1, nearest.length() / 3);
        return isNear ? "; did you mean \"" + nearest + "\"?" : " (known: " + String.join(", ", known) + ")";
    }

    /** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
    static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            d[i][0] = i;
        }
        for (int j = 0; j <= b.length(); j++) {
            d[0][j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            for (int j = 1; j <= b.length(); j++) {
                int replace = d[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                d[i][j] = Math.min(replace, 1 + Math.min(d[i - 1][j], d[i][j - 1]));
                boolean swapped =
                        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                if (swapped) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
