package dev.postern.config;

/** What breaks the rules of HTTP/1.1 in the answers of servers, and is put up with where the operator has asked for it. */
public enum Tolerance {
    /** Lines that end in LF alone. */
    BARE_LF("bare-lf"),
    /** Header fields that go on in the next line, which begins with white space. */
    OBS_FOLD("obs-fold"),
    /** Both Transfer-Encoding and Content-Length. */
    TE_AND_CL("te-and-cl");

    private final String text;

    Tolerance(String text) {
        this.text = text;
    }

    /** As in the file. */
    public String text() {
        return text;
    }
}
