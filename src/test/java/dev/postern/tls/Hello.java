package dev.postern.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/** ClientHellos: those that the JDK makes, and those that nobody should. All as they go over the wire. */
final class Hello {
    private static final int RECORD_HEADER = 5;

    private Hello() {}

    /** What the JDK's client says first. */
    static byte[] ofJdk(Consumer<SSLParameters> parameters) throws Exception {
        SSLEngine engine = SSLContext.getDefault().createSSLEngine();
        engine.setUseClientMode(true);
        SSLParameters offered = engine.getSSLParameters();
        parameters.accept(offered);
        engine.setSSLParameters(offered);
        ByteBuffer out = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.allocate(0), out);
        return Arrays.copyOf(out.array(), out.position());
    }

    static byte[] ofJdk(String serverName, String... protocols) throws Exception {
        return ofJdk(parameters -> {
            parameters.setServerNames(List.of(new SNIHostName(serverName)));
            parameters.setProtocols(protocols);
        });
    }

    /** A plain TLS 1.2 hello with these extensions, in one record. */
    static byte[] with(byte[]... extensions) {
        return with(0x0303, extensions);
    }

    static byte[] with(int version, byte[]... extensions) {
        ByteBuf body = Unpooled.buffer();
        body.writeShort(version).writeZero(32).writeByte(0);
        body.writeShort(4).writeShort(0xc02b).writeShort(0xc009);
        body.writeByte(1).writeByte(0);
        body.writeShort(Arrays.stream(extensions).mapToInt(each -> each.length).sum());
        for (byte[] extension : extensions) {
            body.writeBytes(extension);
        }
        return record(handshake(bytes(body)));
    }

    /** A server_name extension with one host name. */
    static byte[] serverName(String name) {
        return serverName(name.getBytes(StandardCharsets.ISO_8859_1));
    }

    static byte[] serverName(byte[] name) {
        ByteBuf data = Unpooled.buffer();
        data.writeShort(name.length + 3).writeByte(0).writeShort(name.length).writeBytes(name);
        return extension(0, bytes(data));
    }

    static byte[] extension(int type, byte... data) {
        return bytes(Unpooled.buffer().writeShort(type).writeShort(data.length).writeBytes(data));
    }

    /** A handshake message of type ClientHello. */
    static byte[] handshake(byte[] body) {
        return bytes(Unpooled.buffer().writeByte(1).writeMedium(body.length).writeBytes(body));
    }

    static byte[] record(byte[] content) {
        return bytes(Unpooled.buffer()
                .writeByte(22)
                .writeShort(0x0301)
                .writeShort(content.length)
                .writeBytes(content));
    }

    /** The same message in records of at most {@code size} bytes. */
    static byte[] fragmented(byte[] hello, int size) {
        ByteBuf out = Unpooled.buffer();
        for (int at = RECORD_HEADER; at < hello.length; at += size) {
            out.writeBytes(record(Arrays.copyOfRange(hello, at, Math.min(hello.length, at + size))));
        }
        return bytes(out);
    }

    private static byte[] bytes(ByteBuf buffer) {
        byte[] bytes = new byte[buffer.readableBytes()];
        buffer.readBytes(bytes);
        return bytes;
    }
}
