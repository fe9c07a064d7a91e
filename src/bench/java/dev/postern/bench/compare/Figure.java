package dev.postern.bench.compare;

/**
 * One line of the table.
 *
 * @param unit as behind a number
 * @param isOfTheRow whether the row is about it; the others say how it came about
 */
record Figure(String what, String unit, boolean isOfTheRow) {
    static Figure main(String what, String unit) {
        return new Figure(what, unit, true);
    }

    static Figure beside(String what, String unit) {
        return new Figure(what, unit, false);
    }
}
