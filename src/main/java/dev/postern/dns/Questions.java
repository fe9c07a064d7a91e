package dev.postern.dns;

import dev.postern.config.Durations;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.TSIG;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/** Single messages to DNS servers and their answers. Blocks; a library thread of its own does the reading. */
final class Questions {
    /** A server that is there answers within this, even over a bad line; then it is asked again, over TCP. */
    static final Duration ONE_TRY = Duration.ofSeconds(2);

    private Questions() {}

    /** {@code text} with or without a dot at its end. */
    static Name name(String text) throws IOException {
        try {
            return Name.fromString(text, Name.root);
        } catch (TextParseException e) {
            throw new IOException("\"" + text + "\" is no name in the DNS", e);
        }
    }

    /** Without the dot at its end. */
    static String text(Name name) {
        return name.equals(Name.root) ? "." : name.toString(true);
    }

    static Message question(Name name, int type, boolean recursive) {
        Message question = Message.newQuery(Record.newRecord(name, type, DClass.IN));
        if (!recursive) {
            question.getHeader().unsetFlag(Flags.RD);
        }
        return question;
    }

    /**
     * Asks the servers one after the other, and all of them again, until one says yes or no.
     *
     * @return NOERROR or NXDOMAIN
     * @throws IOException where none did before the time was over
     */
    static Message askAny(
            List<InetSocketAddress> servers, Name name, int type, Duration deadline, MonotonicClock elapsed)
            throws IOException {
        long begun = elapsed.nanoTime();
        String last = servers.isEmpty() ? "there is no server to ask" : "";
        for (int round = 0; round < 2; round++) {
            for (InetSocketAddress server : servers) {
                Duration left = deadline.minusNanos(elapsed.nanoTime() - begun);
                if (left.isNegative() || left.isZero()) {
                    throw new IOException(text(name) + " " + Type.string(type) + ": no answer within "
                            + Durations.text(deadline) + "; the last server: " + last);
                }
                try {
                    Message answer = exchange(server, question(name, type, true), null, left);
                    int rcode = answer.getRcode();
                    if (rcode == Rcode.NOERROR || rcode == Rcode.NXDOMAIN) {
                        return answer;
                    }
                    last = text(server) + ": " + Rcode.string(rcode);
                } catch (InterruptedIOException e) {
                    throw e;
                } catch (IOException e) {
                    last = String.valueOf(e.getMessage());
                }
            }
        }
        throw new IOException(text(name) + " " + Type.string(type) + ": no answer: " + last);
    }

    /**
     * One question to one server: over UDP, then, where that is lost or truncated, over TCP.
     *
     * @param tsig signs it; null for none
     * @throws IOException with the server and what is wrong, in one line
     */
    static Message exchange(InetSocketAddress server, Message question, @Nullable TSIG tsig, Duration limit)
            throws IOException {
        Duration each = limit.compareTo(ONE_TRY) < 0 ? limit : ONE_TRY;
        try {
            return send(server, question, tsig, each, false);
        } catch (InterruptedIOException e) {
            throw e;
        } catch (IOException overUdp) {
            try {
                return send(server, question, tsig, each, true);
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                throw new IOException(text(server) + ": " + reason(e), e);
            }
        }
    }

    private static Message send(
            InetSocketAddress server, Message question, @Nullable TSIG tsig, Duration limit, boolean tcp)
            throws IOException {
        SimpleResolver resolver = new SimpleResolver(server);
        resolver.setTimeout(limit);
        resolver.setTCP(tcp);
        if (question.getHeader().getOpcode() == Opcode.UPDATE) {
            // Some servers do not like it there.
            resolver.setEDNS(-1);
        }
        if (tsig != null) {
            resolver.setTSIGKey(tsig);
        }
        CompletableFuture<Message> answer = resolver.sendAsync(question).toCompletableFuture();
        try {
            return answer.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            throw cause instanceof IOException io ? io : new IOException(String.valueOf(cause), cause);
        }
    }

    private static String reason(IOException e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = String.valueOf(root.getMessage());
        String low = message.toLowerCase(Locale.ROOT);
        if (low.contains("timed out") || low.contains("timeout")) {
            return "no answer within " + Durations.text(ONE_TRY) + ", neither over UDP nor over TCP";
        }
        return message.equals("null") ? root.toString() : message;
    }

    static String text(InetSocketAddress server) {
        String address = server.getAddress() == null
                ? server.getHostString()
                : server.getAddress().getHostAddress();
        String host = address.contains(":") ? "[" + address + "]" : address;
        return server.getPort() == SimpleResolver.DEFAULT_PORT ? address : host + ":" + server.getPort();
    }
}
