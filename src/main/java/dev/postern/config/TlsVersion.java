package dev.postern.config;

public enum TlsVersion {
    TLS_1_2("TLSv1.2"),
    TLS_1_3("TLSv1.3");

    private final String text;

    TlsVersion(String text) {
        this.text = text;
    }

    /** As in the file, and as the JDK and Netty call it. */
    public String text() {
        return text;
    }
}
