package dev.postern.route;

/** What of a request its route is chosen by. */
public interface RoutedRequest {
    /** Holds the path, in the form of {@link PathRule} and without parameters, in {@code [pathFrom, pathTo)}; an empty one means {@code /}. */
    byte[] path();

    int pathFrom();

    int pathTo();

    String method();

    /** Lower-case, without port and trailing dot; an IPv6 address in brackets. */
    String host();

    /** Whether a field that reaches the server has the name and one of the values that {@code condition} wants. */
    boolean hasField(FieldCondition condition);
}
