package dev.postern.http.exchange;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** What was agreed on in the handshake of a connection. */
public record TlsParameters(String version, String cipher) {
    /** Of a connection whose handshake is complete; null of a plaintext one. */
    public static @Nullable TlsParameters of(Channel channel) {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            return null;
        }
        SSLSession session = tls.engine().getSession();
        return new TlsParameters(session.getProtocol(), session.getCipherSuite());
    }
}
