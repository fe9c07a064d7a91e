package dev.postern.tunnel;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a client of RDP says first, an X.224 connection request, as far as it may have a cookie
 * (<a href="https://learn.microsoft.com/openspecs/windows_protocols/ms-rdpbcgr">MS-RDPBCGR §2.2.1.1</a>): behind 11 bytes of headers
 * {@code Cookie: mstshash=user}, or {@code msts=token}, and CR LF. Looked at as HAProxy does it: other bytes of the headers do not
 * matter.
 *
 * @param name in lower case; null where there is no cookie
 */
record RdpRequest(@Nullable String name, String value) {
    static final RdpRequest WITHOUT_COOKIE = new RdpRequest(null, "");

    /** TPKT (RFC 1006), version 3. */
    private static final int VERSION = 3;

    private static final int HEADERS = 11;
    private static final String COOKIE = "cookie:";

    /** A name of a user has 256 characters at most, and a token fewer. */
    private static final int LONGEST = 1024;

    /** Null where more has to come before it can be told. */
    static @Nullable RdpRequest read(byte[] bytes) {
        if (bytes.length > 0 && bytes[0] != VERSION) {
            return WITHOUT_COOKIE;
        }
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        String said = text.substring(Math.min(HEADERS, text.length()));
        int length = Math.min(said.length(), COOKIE.length());
        if (!said.substring(0, length).toLowerCase(Locale.ROOT).equals(COOKIE.substring(0, length))) {
            return WITHOUT_COOKIE;
        }
        int end = said.indexOf('\r');
        if (end < 0) {
            return said.length() > LONGEST ? WITHOUT_COOKIE : null;
        }
        if (end + 1 == said.length()) {
            return null;
        }
        int equals = said.indexOf('=');
        if (said.charAt(end + 1) != '\n' || equals < 0 || equals > end || said.indexOf('\n') < end) {
            return WITHOUT_COOKIE;
        }
        return new RdpRequest(
                said.substring(COOKIE.length(), equals).stripLeading().toLowerCase(Locale.ROOT),
                said.substring(equals + 1, end));
    }

    /** The value of the cookie of this name; null where there is none. */
    @Nullable String cookie(String wanted) {
        return wanted.toLowerCase(Locale.ROOT).equals(name) ? value : null;
    }
}
