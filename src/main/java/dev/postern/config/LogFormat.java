package dev.postern.config;

/** What a line of the access log looks like. */
public enum LogFormat {
    JSON("json"),
    COMMON("common"),
    COMBINED("combined"),
    /** Elastic Common Schema. */
    ECS("ecs"),
    /** As the configuration says, with fields in braces. */
    CUSTOM("custom");

    private final String text;

    LogFormat(String text) {
        this.text = text;
    }

    public String text() {
        return text;
    }
}
