package dev.postern.alert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.config.Alerts;
import dev.postern.config.Secret;
import dev.postern.pki.Pem;
import dev.postern.testing.SmtpServer;
import dev.postern.testing.TestCa;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mail and webhooks, to servers that take them as real ones do. */
class ReceiverTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final Message BEGUN = new Message(
            Message.State.BEGUN,
            "backend_down",
            "web",
            "backend web: no server is up",
            "one: <refused>\n.\ntwo: bö",
            "edge1",
            NOW);

    @TempDir
    private Path directory;

    private final TestCa ca = TestCa.create();

    private SSLContext showing(String name) throws Exception {
        TestCa.Issued issued = ca.issue(List.of(name), Instant.now().minusSeconds(60), Duration.ofDays(1));
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry("key", issued.key(), new char[0], issued.chain().toArray(X509Certificate[]::new));
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
    }

    private Alerts.Mail mail(SmtpServer server, Alerts.MailTls tls, boolean login) throws Exception {
        Path file = Files.writeString(directory.resolve("ca.pem"), Pem.of(List.of(ca.root())));
        Path password = Files.writeString(directory.resolve("password"), "s3cret\n");
        return new Alerts.Mail(
                "localhost",
                server.port(),
                tls,
                "postern@example.com",
                List.of("ops@example.com", "boss@example.com"),
                login ? "postern" : null,
                login ? password : null,
                file);
    }

    @Test
    void mailGoesOverStartTlsWithAPassword() throws Exception {
        try (SmtpServer server = new SmtpServer(showing("localhost"), false)) {
            new MailReceiver(mail(server, Alerts.MailTls.STARTTLS, true)).send(BEGUN);

            SmtpServer.Mail got = server.mails().get(0);
            assertThat(got.secured()).isTrue();
            assertThat(got.user()).isEqualTo("postern:s3cret");
            assertThat(got.from()).contains("<postern@example.com>");
            assertThat(got.to()).hasSize(2);
            assertThat(got.text())
                    .contains("Subject: [postern edge1] backend web: no server is up")
                    .contains("Auto-Submitted: auto-generated")
                    .contains("backend_down begun at 2026-01-02T03:04:05Z on edge1");
        }
    }

    @Test
    void mailGoesOverTlsFromTheStart() throws Exception {
        try (SmtpServer server = new SmtpServer(showing("localhost"), true)) {
            new MailReceiver(mail(server, Alerts.MailTls.TLS, true)).send(BEGUN);

            assertThat(server.mails()).hasSize(1);
        }
    }

    @Test
    void mailGoesWithoutTlsWhereThatIsAskedFor() throws Exception {
        try (SmtpServer server = new SmtpServer(null, false)) {
            new MailReceiver(mail(server, Alerts.MailTls.OFF, false)).send(BEGUN);

            assertThat(server.mails().get(0).secured()).isFalse();
        }
    }

    @Test
    void nothingIsSaidToAServerThatTakesTheTlsAway() throws Exception {
        try (SmtpServer server = new SmtpServer(null, false)) {
            MailReceiver receiver = new MailReceiver(mail(server, Alerts.MailTls.STARTTLS, true));

            assertThatThrownBy(() -> receiver.send(BEGUN))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("STARTTLS");
            assertThat(server.mails()).isEmpty();
        }
    }

    @Test
    void serverOfAnotherNameGetsNothing() throws Exception {
        try (SmtpServer server = new SmtpServer(showing("other.example"), false)) {
            MailReceiver receiver = new MailReceiver(mail(server, Alerts.MailTls.STARTTLS, true));

            assertThatThrownBy(() -> receiver.send(BEGUN)).isInstanceOf(IOException.class);
            assertThat(server.mails()).isEmpty();
        }
    }

    @Test
    void whatTheServerSaysAgainstItIsSaid() throws Exception {
        try (SmtpServer server = new SmtpServer(showing("localhost"), false)) {
            server.refuse("550 5.7.1 not from you");
            MailReceiver receiver = new MailReceiver(mail(server, Alerts.MailTls.STARTTLS, false));

            assertThatThrownBy(() -> receiver.send(BEGUN)).hasMessageContaining("not from you");
        }
    }

    private static WebhookReceiver webhook(TestServer server, Alerts.Format format, @Nullable Path token) {
        return new WebhookReceiver(
                new Alerts.Webhook(new Secret("http://" + server.address() + "/hook/s3cret"), format, token, null));
    }

    @Test
    void webhookGetsJson() throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "t0ken\n");
        try (TestServer server = TestServer.saying("ok")) {
            WebhookReceiver receiver = webhook(server, Alerts.Format.JSON, token);
            receiver.send(BEGUN);

            TestServer.Request got = server.requests().get(0);
            assertThat(got.line()).isEqualTo("POST /hook/s3cret HTTP/1.1");
            assertThat(got.header("Authorization")).containsExactly("Bearer t0ken");
            assertThat(got.header("Content-Type")).containsExactly("application/json");
            JsonObject json = JsonParser.parseString(
                            new String(got.body().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8))
                    .getAsJsonObject();
            assertThat(json.get("event").getAsString()).isEqualTo("backend_down");
            assertThat(json.get("state").getAsString()).isEqualTo("begun");
            assertThat(json.get("subject").getAsString()).isEqualTo("web");
            assertThat(json.get("text").getAsString()).isEqualTo(BEGUN.text());
            assertThat(json.get("time").getAsString()).isEqualTo("2026-01-02T03:04:05Z");
            assertThat(receiver.name()).doesNotContain("s3cret");
        }
    }

    @Test
    void slackAndNtfyGetWhatTheyUnderstand() throws Exception {
        try (TestServer server = TestServer.saying("ok")) {
            webhook(server, Alerts.Format.SLACK, null).send(BEGUN);
            webhook(server, Alerts.Format.NTFY, null).send(BEGUN);

            JsonObject slack =
                    JsonParser.parseString(server.requests().get(0).body()).getAsJsonObject();
            assertThat(slack.keySet()).containsExactly("text");
            assertThat(slack.get("text").getAsString())
                    .startsWith(":warning: *backend web: no server is up* (edge1)\none: &lt;refused&gt;\n");
            TestServer.Request ntfy = server.requests().get(1);
            assertThat(ntfy.header("Title")).containsExactly("backend web: no server is up");
            assertThat(ntfy.header("Priority")).containsExactly("high");
            assertThat(ntfy.header("Tags")).containsExactly("warning");
            assertThat(ntfy.body()).startsWith("one: <refused>");
        }
    }

    @Test
    void answerThatIsNoYesIsAFailure() throws Exception {
        try (TestServer server = TestServer.start((request, connection) ->
                connection.send("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"))) {
            assertThatThrownBy(() -> webhook(server, Alerts.Format.JSON, null).send(BEGUN))
                    .isInstanceOf(IOException.class)
                    .hasMessage("answered 302");
            assertThat(server.requests()).hasSize(1);
        }
    }
}
