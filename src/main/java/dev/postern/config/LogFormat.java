package dev.postern.config;

/** What a line of the access log looks like. */
public enum LogFormat {
    JSON("json"),
    COMMON("common"),
    COMBINED("combined");

    private final String text;

    LogFormat(String text) {
        this.text = text;
    }

    public String text() {
        return text;
    }
}
