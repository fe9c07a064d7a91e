package dev.postern.migrate;

/** Whole numbers in words. */
public final class Numbers {
    private static final int MOST_DIGITS = 9;

    private Numbers() {}

    public static boolean isBetween(String text, int least, int most) {
        if (text.isEmpty() || text.length() > MOST_DIGITS || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return false;
        }
        int number = Integer.parseInt(text);
        return number >= least && number <= most;
    }
}
