package dev.postern.acme;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a CA says no with, and what an operator reads of it. */
@Timeout(20)
class RefusalTest extends WithFakeCa {
    private IssueFailure refused(int status, String problem) {
        ca.fault(
                "/new-order",
                (exchange, count) -> FakeCa.problem(
                        exchange, status, JsonParser.parseString(problem).getAsJsonObject()));
        return failure();
    }

    @ParameterizedTest
    @EnumSource(Refusal.class)
    void everyTypeIsToldInOneLineWithItsUrn(Refusal refusal) {
        IssueFailure failure = refused(400, "{\"type\": \"" + refusal.urn() + "\", \"detail\": \"no\\nwhatever\"}");

        assertThat(failure).hasMessageContaining(refusal.urn());
        assertThat(failure.getMessage()).startsWith("fake: ").doesNotContain("\n");
    }

    /** After 1152 failures in a row Let's Encrypt stops listening, and only a person can change that. */
    @Test
    void pausedNameIsToldWithTheLinkThatUnpausesIt() {
        IssueFailure failure = refused(429, """
                {"type": "urn:ietf:params:acme:error:rateLimited",
                 "detail": "Your account is temporarily prevented from requesting certificates for example.com and \
                possibly others. Please visit: https://portal.example/sfe/v1/unpause?jwt=ey.J_-x"}""");

        assertThat(failure.fault()).isEqualTo(Fault.NAME);
        assertThat(failure.getMessage())
                .endsWith("once its cause is mended, unpause it at https://portal.example/sfe/v1/unpause?jwt=ey.J_-x");
    }

    @Test
    void refusedNamesOfAnOrderAreNamed() {
        IssueFailure failure = refused(400, """
                {"type": "urn:ietf:params:acme:error:malformed", "detail": "Some names are bad",
                 "subproblems": [
                  {"type": "urn:ietf:params:acme:error:rejectedIdentifier", "detail": "policy forbids it",
                   "identifier": {"type": "dns", "value": "bad.example"}},
                  {"type": "urn:ietf:params:acme:error:unsupportedIdentifier", "detail": "no onions",
                   "identifier": {"type": "dns", "value": "x.onion"}}]}""");

        assertThat(failure.fault()).isEqualTo(Fault.NAME);
        assertThat(failure)
                .hasMessageContaining(
                        "Some names are bad (\"bad.example\": policy forbids it; \"x.onion\": no onions) (urn:ietf");
    }

    /** Boulder says it in words, too; the date counts from what the CA takes for now. */
    @Test
    void retryAfterInWordsIsUnderstood() {
        Instant until = Instant.now().plusSeconds(3600);
        clock.advance(Duration.ofDays(1));
        String words =
                DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT).format(until.atZone(ZoneOffset.UTC));

        IssueFailure failure = refused(
                429,
                "{\"type\": \"urn:ietf:params:acme:error:rateLimited\", \"detail\": \"too many certificates (5) already"
                        + " issued for this exact set of identifiers, retry after " + words
                        + " UTC: see https://ca.example/limits\"}");

        assertThat(failure.fault()).isEqualTo(Fault.CA);
        assertThat(Duration.between(clocks.ca().instant(), failure.retryAfter().orElseThrow()))
                .isBetween(Duration.ofSeconds(3590), Duration.ofSeconds(3610));
    }

    @ParameterizedTest
    @CsvSource({
        "externalAccountRequired, set eab",
        "invalidContact, acme.email has to be corrected",
        "caa, CAA record of the domain has to allow this CA",
        "badCSR, another acme.key-type may be accepted",
        "invalidProfile, another profile"
    })
    void whatHappensNextIsSaid(String type, String next) {
        assertThat(refused(403, "{\"type\": \"urn:ietf:params:acme:error:" + type + "\"}"))
                .hasMessageContaining(next);
    }

    /** Each nonce is refused; ten times are enough. */
    @Test
    void stormOfBadNoncesEndsAndIsTheCas() {
        ca.fault("/new-order", (exchange, count) -> FakeCa.problem(exchange, 400, "badNonce"));

        assertThat(failure().fault()).isEqualTo(Fault.CA);
        assertThat(ca.count("/new-order")).isLessThanOrEqualTo(10);
    }

    @Test
    void badNoncesNowAndThenCostNothing() throws Exception {
        for (String path : new String[] {"/account", "/new-order", "/order/1", "/finalize/1", "/certificate/1"}) {
            ca.fault(path, (exchange, count) -> count < 4 && FakeCa.problem(exchange, 400, "badNonce"));
        }

        assertThat(issue().chain()).hasSize(2);
    }

    /** What proxies and broken CAs answer instead; a short word of it is told, whatever it is. */
    @ParameterizedTest
    @CsvSource({
        "/dir, empty",
        "/dir, html",
        "/dir, huge",
        "/dir, deep",
        "/account, empty",
        "/account, html",
        "/account, huge",
        "/new-order, empty",
        "/new-order, html",
        "/new-order, huge",
        "/new-order, half",
        "/new-order, deep",
        "/order/1, empty",
        "/order/1, html",
        "/order/1, huge",
        "/order/1, half",
        "/authz/1, empty",
        "/authz/1, half",
        "/authz/1, deep",
        "/certificate/1, empty",
        "/certificate/1, html",
        "/certificate/1, huge",
        "/certificate/1, gzip"
    })
    void nonsenseIsTheFaultOfTheCaAndToldBriefly(String path, String what) {
        ca.fault(path, (exchange, count) -> {
            boolean html = what.equals("html");
            exchange.getResponseHeaders().set("Content-Type", html ? "text/html" : "application/json");
            exchange.getResponseHeaders().set("Location", "/order/1");
            if (path.startsWith("/certificate")) {
                exchange.getResponseHeaders().set("Content-Type", "application/pem-certificate-chain");
            }
            if (what.equals("gzip")) {
                exchange.getResponseHeaders().set("Content-Encoding", "gzip");
            }
            byte[] body = body(what);
            try {
                exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
                exchange.getResponseBody().write(body);
            } catch (IOException e) {
                // It had enough.
                return true;
            }
            return true;
        });

        IssueFailure failure = failure();

        assertThat(failure.fault()).as(failure.getMessage()).isEqualTo(Fault.CA);
        assertThat(failure.getMessage()).hasSizeLessThan(1000).doesNotContain("\n");
    }

    private static byte[] body(String what) {
        String text = switch (what) {
            case "html" -> "<!doctype html>\n<h1>Welcome to the proxy</h1>\n".repeat(100);
            case "huge" -> "{\"a\": \"" + "x".repeat(2 * CaTransport.MAX_BODY) + "\"}";
            case "deep" -> "{\"a\": " + "[".repeat(200_000) + "]".repeat(200_000) + "}";
            case "half" -> "{\"status\": \"pend";
            case "gzip" -> "no gzip at all";
            default -> "";
        };
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void hugeAnswerIsNotWaitedFor() {
        ca.fault("/dir", (exchange, count) -> {
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, 0);
            byte[] block = new byte[64 * 1024];
            try {
                for (int i = 0; i < 10_000; i++) {
                    exchange.getResponseBody().write(block);
                }
            } catch (IOException e) {
                return true;
            }
            throw new IllegalStateException("640 MB were taken");
        });

        assertThat(failure()).hasMessageContaining("the answer is longer than 1048576 bytes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "{\"detail\": \"no type\"}", "{\"type\": \"::\"}", "[]", "null"})
    void problemThatIsNoneIsNoBug(String document) {
        ca.fault("/new-order", (exchange, count) -> {
            exchange.getResponseHeaders().set("Content-Type", "application/problem+json");
            byte[] body = document.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(500, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            return true;
        });

        assertThat(failure().fault()).isEqualTo(Fault.CA);
    }

    @Test
    void clockOfTheCaIsSeen() throws Exception {
        clock.advance(Duration.ofHours(-2));
        issue();

        assertThat(clocks.skew().current().orElseThrow()).isBetween(Duration.ofMinutes(119), Duration.ofMinutes(121));
    }
}
