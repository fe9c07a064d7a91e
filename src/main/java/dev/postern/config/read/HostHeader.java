package dev.postern.config.read;

import dev.postern.config.Addresses;
import dev.postern.config.Configuration;
import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import dev.postern.config.SentHost;
import dev.postern.config.Spelling;
import java.net.InetAddress;
import java.util.regex.Pattern;

/** The value of a Host header, <a href="https://datatracker.ietf.org/doc/html/rfc9110#section-7.2">RFC 9110 §7.2</a>. */
final class HostHeader {
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9._\\[\\]:-]+");

    static final Scalar<String> SCALAR = new Scalar<>("a host such as example.com or example.com:8080", text -> {
        String bare = text.startsWith("[") && text.endsWith("]") ? text.substring(1, text.length() - 1) : text;
        InetAddress literal = Addresses.literal(bare);
        if (literal != null && bare.contains(":") == text.startsWith("[")) {
            return text;
        }
        if (!FORM.matcher(text).matches()) {
            throw new NotUnderstood("has characters that a host has not");
        }
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            return HostName.server(text);
        }
        ServerAddress address = ServerAddress.SCALAR.parse(text);
        return new Configuration.Server(address.host(), address.port(), 1).address();
    });

    static final Scalar<SentHost> SENT = new Scalar<SentHost>(
                    "preserve, server, or " + SCALAR.expected(), text -> switch (text) {
                        case "preserve" -> SentHost.AS_ASKED;
                        case "server" -> new SentHost.OfServer();
                        default -> new SentHost.Named(SCALAR.parse(text));
                    })
            .spelled(Spelling.<SentHost>any().or("preserve", SentHost.AS_ASKED).or("server", new SentHost.OfServer()));

    private HostHeader() {}
}
