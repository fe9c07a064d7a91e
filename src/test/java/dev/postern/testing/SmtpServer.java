package dev.postern.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * A mail server: SMTP (RFC 5321) with STARTTLS (RFC 3207) and AUTH PLAIN and LOGIN (RFC 4954), which keeps what it gets. One
 * connection at a time.
 */
public final class SmtpServer implements AutoCloseable {
    /** A mail as it came. */
    public record Mail(
            String from,
            List<String> to,
            String text,
            boolean secured,
            @Nullable String user) {}

    private final ServerSocket listener;
    private final @Nullable SSLContext context;
    private final boolean fromTheStart;
    private final List<Mail> mails = new CopyOnWriteArrayList<>();
    private volatile String refusal = "";

    /**
     * @param context null where it speaks no TLS
     * @param fromTheStart whether it speaks nothing else
     */
    public SmtpServer(@Nullable SSLContext context, boolean fromTheStart) throws IOException {
        this.context = context;
        this.fromTheStart = fromTheStart;
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(this::acceptAll, "smtp-server");
        thread.setDaemon(true);
        thread.start();
    }

    public int port() {
        return listener.getLocalPort();
    }

    public List<Mail> mails() {
        return List.copyOf(mails);
    }

    /** From now on answers MAIL with this; takes all again where it is empty. */
    public void refuse(String reply) {
        refusal = reply;
    }

    private void acceptAll() {
        while (!listener.isClosed()) {
            try (Socket socket = listener.accept()) {
                socket.setSoTimeout(10_000);
                serve(fromTheStart ? secured(socket) : socket, fromTheStart);
            } catch (IOException e) {
                // Whoever went away may come again.
            }
        }
    }

    private SSLSocket secured(Socket socket) throws IOException {
        SSLContext with = context;
        if (with == null) {
            throw new IOException("no TLS");
        }
        SSLSocket secured = (SSLSocket) with.getSocketFactory().createSocket(socket, null, socket.getPort(), true);
        secured.setUseClientMode(false);
        secured.startHandshake();
        return secured;
    }

    private void serve(Socket first, boolean alreadySecured) throws IOException {
        Socket socket = first;
        boolean secured = alreadySecured;
        BufferedReader in = reader(socket);
        OutputStream out = socket.getOutputStream();
        say(out, "220 localhost ESMTP");
        String from = "";
        String user = null;
        List<String> to = new CopyOnWriteArrayList<>();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String verb = line.split(" ", 2)[0].toUpperCase(java.util.Locale.ROOT);
            switch (verb) {
                case "EHLO" ->
                    say(
                            out,
                            "250-localhost\r\n" + (context != null && !secured ? "250-STARTTLS\r\n" : "")
                                    + "250 AUTH PLAIN LOGIN");
                case "STARTTLS" -> {
                    say(out, "220 go ahead");
                    socket = secured(socket);
                    secured = true;
                    in = reader(socket);
                    out = socket.getOutputStream();
                }
                case "AUTH" -> {
                    user = login(line, in, out);
                    say(out, "235 welcome");
                }
                case "MAIL" -> {
                    from = line;
                    say(out, refusal.isEmpty() ? "250 ok" : refusal);
                }
                case "RCPT" -> {
                    to.add(line);
                    say(out, "250 ok");
                }
                case "DATA" -> {
                    say(out, "354 go ahead");
                    StringBuilder text = new StringBuilder();
                    for (String each = in.readLine(); each != null && !each.equals("."); each = in.readLine()) {
                        text.append(each.startsWith("..") ? each.substring(1) : each)
                                .append('\n');
                    }
                    mails.add(new Mail(from, List.copyOf(to), text.toString(), secured, user));
                    say(out, "250 taken");
                }
                case "QUIT" -> {
                    say(out, "221 bye");
                    return;
                }
                default -> say(out, "250 ok");
            }
        }
    }

    /** {@code user:password} as it was said. */
    private static String login(String line, BufferedReader in, OutputStream out) throws IOException {
        String[] words = line.split(" ", -1);
        if (words[1].equals("PLAIN")) {
            return decoded(words[2]).substring(1).replace('\0', ':');
        }
        String name = words.length > 2 ? words[2] : "";
        if (name.isEmpty()) {
            say(out, "334 VXNlcm5hbWU6");
            name = in.readLine();
        }
        say(out, "334 UGFzc3dvcmQ6");
        return decoded(name) + ":" + decoded(in.readLine());
    }

    private static String decoded(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }

    private static BufferedReader reader(Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    private static void say(OutputStream out, String line) throws IOException {
        out.write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
