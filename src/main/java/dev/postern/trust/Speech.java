package dev.postern.trust;

import java.util.List;

/** What is to be spoken over TLS, as ALPN has it (<a href="https://datatracker.ietf.org/doc/html/rfc7301">RFC 7301</a>). */
public enum Speech {
    /** A server that agrees to nothing speaks it all the same. */
    HTTP_1("http/1.1"),
    /** Only where the server agrees to it. */
    HTTP_2("h2"),
    /** Not ours to say: whoever passes through knows. */
    ANY("");

    /** Empty for none. */
    private final String protocol;

    Speech(String protocol) {
        this.protocol = protocol;
    }

    List<String> protocols() {
        return protocol.isEmpty() ? List.of() : List.of(protocol);
    }
}
