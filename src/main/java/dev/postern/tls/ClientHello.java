package dev.postern.tls;

import dev.postern.certificate.served.AlpnChallengeTable;
import dev.postern.config.Tls;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.security.PrivateKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The server name of a TLS ClientHello, and whether it is that of a CA's validator, read out of the first bytes of a connection without consuming them
 * (<a href="https://datatracker.ietf.org/doc/html/rfc8446#section-4.1.2">RFC 8446 §4.1.2</a>,
 * <a href="https://datatracker.ietf.org/doc/html/rfc6066#section-3">RFC 6066 §3</a>). Pure.
 *
 * <p>Whatever does not parse is {@link Malformed}: there is no certificate to fall back to.
 */
final class ClientHello {
    /** A hello may be spread over many records; post-quantum key shares make kilobytes of it legal, not this many. */
    static final int MAX_LENGTH = 64 * 1024;

    /** With the headers of its records: enough for any size of them in any hello that a client sends. */
    private static final int MAX_RAW = 80 * 1024;

    private static final int HANDSHAKE = 22;
    private static final int CLIENT_HELLO = 1;
    private static final int SERVER_NAME = 0;
    private static final int HOST_NAME = 0;
    private static final int APPLICATION_PROTOCOLS = 16;

    /** What says the type and the length of a message. */
    private static final int HEAD = 4;

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
    private final OfferedKeys keys;

    private ClientHello(@Nullable String serverName, @Nullable List<String> protocols, OfferedKeys keys) {
        this.serverName = serverName;
        this.protocols = protocols;
        this.keys = keys;
    }

    /** Whether it can do with a certificate of such a key, in the version and the suite that {@code ours} leads to. */
    boolean takes(PrivateKey key, Tls ours) {
        return keys.take(key, ours);
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

    /**
     * Reads one as it comes. It may be in records as small as anybody likes
     * (<a href="https://datatracker.ietf.org/doc/html/rfc8446#section-5.1">RFC 8446 §5.1</a>); each is looked at once.
     */
    static final class Reader {
        /** Up to where the bytes were looked at. */
        private int at;
        /** How much of the record there is still to come behind that. */
        private int record;

        private int have;
        /** The first four bytes of the message, as far as they came. */
        private int head;

        private int length = -1;

        /**
         * Reads what has come so far; null where the hello is not complete yet.
         *
         * @param in begins where the connection began; left as it was
         */
        @Nullable ClientHello read(ByteBuf in) throws Malformed {
            int start = in.readerIndex();
            int available = in.readableBytes();
            while (length < 0 || have < length) {
                if (record == 0 && !recordBegins(in, start, available)) {
                    return incomplete();
                }
                if (at == available) {
                    return incomplete();
                }
                if (length < 0) {
                    headByte(in.getByte(start + at) & 0xff);
                    at++;
                    record--;
                } else {
                    int more = Math.min(Math.min(record, available - at), length - have);
                    have += more;
                    at += more;
                    record -= more;
                }
            }
            Cursor cursor = new Cursor(message(in, start), length);
            return new ClientHello(cursor.serverName(), cursor.protocols, cursor.keys);
        }

        private @Nullable ClientHello incomplete() throws Malformed {
            if (at > MAX_RAW) {
                throw new Malformed("ClientHello in over " + MAX_RAW + " bytes of TLS records");
            }
            return null;
        }

        private boolean recordBegins(ByteBuf in, int start, int available) throws Malformed {
            if (at < available && in.getByte(start + at) != HANDSHAKE) {
                throw new Malformed("not a TLS handshake");
            }
            if (available - at < RECORD_HEADER) {
                return false;
            }
            if (in.getByte(start + at + 1) != 3) {
                throw new Malformed("not a TLS record");
            }
            record = in.getUnsignedShort(start + at + 3);
            if (record == 0 || record > MAX_RECORD) {
                throw new Malformed("TLS record of " + record + " bytes");
            }
            at += RECORD_HEADER;
            return true;
        }

        private void headByte(int octet) throws Malformed {
            if (have == 0 && octet != CLIENT_HELLO) {
                throw new Malformed("first handshake message is not a ClientHello");
            }
            head = head << 8 | octet;
            if (++have == HEAD) {
                length = HEAD + (head & 0xffffff);
                if (length > MAX_LENGTH) {
                    throw new Malformed("ClientHello of " + length + " bytes");
                }
            }
        }

        /** Of what is complete: without the headers of its records. */
        private byte[] message(ByteBuf in, int start) {
            byte[] message = new byte[length];
            int from = start;
            for (int to = 0; to < length; ) {
                int size = Math.min(in.getUnsignedShort(from + 3), length - to);
                in.getBytes(from + RECORD_HEADER, message, to, size);
                from += RECORD_HEADER + size;
                to += size;
            }
            return message;
        }
    }

    /** Walks through the complete message. */
    private static final class Cursor {
        private final byte[] bytes;
        private final int end;
        private int at = 4;
        private @Nullable List<String> protocols;
        private final OfferedKeys keys = new OfferedKeys();

        Cursor(byte[] bytes, int end) {
            this.bytes = bytes;
            this.end = end;
        }

        /** Reads the message to its end. */
        @Nullable String serverName() throws Malformed {
            skip(2 + 32);
            skip(number(1));
            keys.suites = numbers(number(2));
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
                } else {
                    keys.read(type, bytes, at, next);
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

        /** Of two octets each; the last one may be half. */
        private int[] numbers(int octets) throws Malformed {
            int from = at;
            skip(octets);
            return OfferedKeys.pairs(bytes, from, at);
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
