package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.SmtpServer;
import dev.postern.testing.TestServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code postern alerts test} */
class AlertsTestCommandTest {
    @TempDir
    private Path directory;

    private CommandRun test(String alerts) throws Exception {
        Path file =
                Files.writeString(directory.resolve("postern.yaml"), """
                acme: { issuers: [internal], store: "%s" }
                sites: [{ names: [app.internal], backend: web }]
                backends: { web: { servers: ["127.0.0.1:8080"] } }
                %s
                """.formatted(directory.resolve("store"), alerts));
        return CommandRun.of(Map.of(), "alerts", "test", "-c", file.toString());
    }

    @Test
    void everyWayIsTriedAndWhetherItWorksIsSaid() throws Exception {
        try (SmtpServer mail = new SmtpServer(null, false);
                TestServer good = TestServer.saying("ok");
                TestServer bad = TestServer.start(
                        (request, connection) -> connection.send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"))) {
            CommandRun run = test("""
                    alerts:
                      mail: { server: "127.0.0.1:%d", tls: off, from: a@example.com, to: [b@example.com] }
                      webhooks: [{ url: "http://%s/" }, { url: "http://%s/", format: slack }]
                    """.formatted(mail.port(), good.address(), bad.address()));

            assertThat(run.lines())
                    .containsExactly(
                            "mail by 127.0.0.1:" + mail.port() + ": sent",
                            "webhook at 127.0.0.1: sent",
                            "webhook at 127.0.0.1: answered 403");
            assertThat(run.code()).isEqualTo(1);
            assertThat(mail.mails().get(0).text()).contains("a test of alerts");
            assertThat(good.requests().get(0).body()).contains("\"state\":\"test\"");
        }
    }

    @Test
    void whereNobodyIsToldThatIsSaid() throws Exception {
        CommandRun run = test("");

        assertThat(run.code()).isEqualTo(1);
        assertThat(run.lines()).singleElement().asString().contains("alerts: there are none");
    }
}
