package dev.postern.tls;

import dev.postern.certificate.AlpnChallengeTable;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The server name of a TLS ClientHello, and whether it is that of a CA's validator, read out of the first bytes of a connection without consuming them
 * (<a href="https://datatracker.ietf.org/doc/html/rfc8446#section-4.1.2">RFC 8446 §4.1.2</a>,
 * <a href="https://datatracker.ietf.org/doc/html/rfc6066#section-3">RFC 6066 §3</a>). Pure, no state.
 *
 * <p>Whatever does not parse is {@link Malformed}: there is no certificate to fall back to.
 */
final class ClientHello {
    /** A hello may be spread over many records; post-quantum key shares make kilobytes of it legal, not this many. */
    static final int MAX_LENGTH = 64 * 1024;

    /** Every read begins at the first record again: a hello in tiny ones would cost the square of their number. */
    private static final int MAX_RECORDS = 256;

    private static final int HANDSHAKE = 22;
    private static final int CLIENT_HELLO = 1;
    private static final int SERVER_NAME = 0;
    private static final int HOST_NAME = 0;
    private static final int APPLICATION_PROTOCOLS = 16;

    private static final int RECORD_HEADER = 5;
    private static final int MAX_RECORD = 16 * 1024;

    /** These bytes do not begin a TLS connection that we could serve. */
    static final class Malformed extends Exception {
        private static final long serialVersionUID = 1;

        Malformed(String what) {
            super(what, null, false, false);
        }
    }

    private final @Nullable String serverName;
    private final @Nullable List<String> protocols;

    private ClientHello(@Nullable String serverName, @Nullable List<String> protocols) {
        this.serverName = serverName;
        this.protocols = protocols;
    }

    /**
     * Whether it offers the protocol of TLS-ALPN-01 and no other
     * (<a href="https://datatracker.ietf.org/doc/html/rfc8737#section-3">RFC 8737 §3</a>): one that has others is an
     * ordinary client.
     */
    boolean isOfValidator() {
        return protocols != null && protocols.equals(List.of(AlpnChallengeTable.PROTOCOL));
    }

    /** What it offers by ALPN, the preferred one first; null where it does not negotiate. */
    @Nullable List<String> protocols() {
        return protocols;
    }

    /** Lower-case, without a trailing dot; null where the client named none. */
    @Nullable String serverName() {
        return serverName;
    }

    /** Reads what has come so far; null where the hello is not complete yet. {@code in} is left as it was. */
    static @Nullable ClientHello read(ByteBuf in) throws Malformed {
        int start = in.readerIndex();
        int available = in.readableBytes();
        int at = 0;
        int length = -1;
        byte[] message = {};
        int have = 0;
        int records = 0;
        while (length < 0 || have < length) {
            if (++records > MAX_RECORDS) {
                throw new Malformed("ClientHello in over " + MAX_RECORDS + " TLS records");
            }
            if (available - at < RECORD_HEADER) {
                checkFirstByte(in, start + at, available - at);
                return null;
            }
            checkFirstByte(in, start + at, available - at);
            if (in.getByte(start + at + 1) != 3) {
                throw new Malformed("not a TLS record");
            }
            int record = in.getUnsignedShort(start + at + 3);
            if (record == 0 || record > MAX_RECORD) {
                throw new Malformed("TLS record of " + record + " bytes");
            }
            int content = Math.min(record, available - at - RECORD_HEADER);
            if (length < 0) {
                // The four bytes that say how long the hello is have to come in the first record.
                if (record < 4) {
                    throw new Malformed("first TLS record of " + record + " bytes");
                }
                if (content < 4) {
                    return null;
                }
                if (in.getByte(start + at + RECORD_HEADER) != CLIENT_HELLO) {
                    throw new Malformed("first handshake message is not a ClientHello");
                }
                length = 4 + in.getUnsignedMedium(start + at + RECORD_HEADER + 1);
                if (length > MAX_LENGTH) {
                    throw new Malformed("ClientHello of " + length + " bytes");
                }
                if (available < length) {
                    return null;
                }
                message = new byte[length];
            }
            int take = Math.min(content, length - have);
            in.getBytes(start + at + RECORD_HEADER, message, have, take);
            have += take;
            if (content < record && have < length) {
                return null;
            }
            at += RECORD_HEADER + content;
        }
        Cursor cursor = new Cursor(message, length);
        return new ClientHello(cursor.serverName(), cursor.protocols);
    }

    private static void checkFirstByte(ByteBuf in, int index, int available) throws Malformed {
        if (available > 0 && in.getByte(index) != HANDSHAKE) {
            throw new Malformed("not a TLS handshake");
        }
    }

    /** Walks through the complete message. */
    private static final class Cursor {
        private final byte[] bytes;
        private final int end;
        private int at = 4;
        private @Nullable List<String> protocols;

        Cursor(byte[] bytes, int end) {
            this.bytes = bytes;
            this.end = end;
        }

        /** Reads the message to its end. */
        @Nullable String serverName() throws Malformed {
            skip(2 + 32);
            skip(number(1));
            skip(number(2));
            skip(number(1));
            if (at == end) {
                return null;
            }
            int extensions = number(2);
            if (at + extensions != end) {
                throw new Malformed("extensions do not end where the ClientHello ends");
            }
            String name = null;
            boolean seen = false;
            while (at < end) {
                int type = number(2);
                int length = number(2);
                int next = at + length;
                if (next > end) {
                    throw new Malformed("extension longer than the ClientHello");
                }
                if (type == SERVER_NAME) {
                    if (seen) {
                        throw new Malformed("two server_name extensions");
                    }
                    seen = true;
                    name = nameList(next);
                } else if (type == APPLICATION_PROTOCOLS) {
                    protocols = protocolList(next);
                }
                at = next;
            }
            return name;
        }

        // RFC 6066 §3: a list that holds one host_name.
        private @Nullable String nameList(int to) throws Malformed {
            int list = number(2);
            if (at + list != to || list < 3 || number(1) != HOST_NAME) {
                throw new Malformed("server_name extension is not one host name");
            }
            int length = number(2);
            if (length == 0 || at + length != to) {
                throw new Malformed("server_name extension is not one host name");
            }
            for (int i = at; i < to; i++) {
                byte c = bytes[i];
                boolean allowed = (c >= 'a' && c <= 'z')
                        || (c >= 'A' && c <= 'Z')
                        || (c >= '0' && c <= '9')
                        || c == '-'
                        || c == '.'
                        || c == '_';
                if (!allowed) {
                    throw new Malformed("server name has a character that no host name has");
                }
            }
            int nameEnd = bytes[to - 1] == '.' ? to - 1 : to;
            return new String(bytes, at, nameEnd - at, StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
        }

        // RFC 7301 §3.1: a list of names, each with its length before it.
        private List<String> protocolList(int to) throws Malformed {
            List<String> names = new ArrayList<>();
            if (number(2) != to - at || at == to) {
                throw new Malformed("ALPN extension is not a list of protocols");
            }
            while (at < to) {
                int length = number(1);
                if (length == 0 || at + length > to) {
                    throw new Malformed("ALPN extension is not a list of protocols");
                }
                names.add(new String(bytes, at, length, StandardCharsets.ISO_8859_1));
                at += length;
            }
            return names;
        }

        private int number(int octets) throws Malformed {
            if (at + octets > end) {
                throw new Malformed("ClientHello ends too early");
            }
            int value = 0;
            for (int i = 0; i < octets; i++) {
                value = value << 8 | (bytes[at++] & 0xff);
            }
            return value;
        }

        private void skip(int octets) throws Malformed {
            if (at + octets > end) {
                throw new Malformed("ClientHello ends too early");
            }
            at += octets;
        }
    }
}
