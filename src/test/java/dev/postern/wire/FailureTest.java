package dev.postern.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.http.exchange.ErrorResponses;
import dev.postern.http.exchange.LocalResponse;
import dev.postern.wire.Failure.ByClient;
import dev.postern.wire.Failure.ByEdge;
import dev.postern.wire.Failure.ByServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every failure has a stable reason, and the answer, the documentation and RFC 9209 agree on it. */
class FailureTest {
    /** RFC 9209 §2.3, those that a gateway without TLS to its servers may need. */
    private static final Set<String> REGISTERED = Set.of(
            "dns_timeout",
            "dns_error",
            "destination_not_found",
            "destination_unavailable",
            "destination_ip_prohibited",
            "destination_ip_unroutable",
            "connection_refused",
            "tls_protocol_error",
            "tls_certificate_error",
            "tls_alert_received",
            "connection_terminated",
            "connection_timeout",
            "connection_read_timeout",
            "connection_write_timeout",
            "connection_limit_reached",
            "http_request_error",
            "http_request_denied",
            "http_response_incomplete",
            "http_response_header_section_size",
            "http_response_header_size",
            "http_response_body_size",
            "http_response_timeout",
            "http_upgrade_failed",
            "http_protocol_error",
            "proxy_internal_response",
            "proxy_internal_error",
            "proxy_configuration_error",
            "proxy_loop_detected");

    /** After these nobody is there to be answered. */
    private static final Set<Failure> UNANSWERED = Set.of(
            ByClient.GONE,
            ByClient.CLIENT_TIMEOUT,
            ByServer.SERVER_TIMEOUT,
            ByClient.RESPONSE_NOT_TAKEN,
            ByClient.RESPONSE_TAKEN_TOO_SLOWLY,
            ByEdge.SHUTTING_DOWN,
            ByEdge.TUNNEL_IDLE);

    @TestFactory
    Stream<DynamicTest> everyFailureIsDocumentedAsItIsAnswered() throws IOException {
        String readme = Files.readString(Path.of("docs/reasons.md"));
        return all().map(failure -> DynamicTest.dynamicTest(failure.reason(), () -> {
            boolean answered = !UNANSWERED.contains(failure);
            String status = answered ? Integer.toString(ErrorResponses.status(failure)) : "–";
            String error = answered ? '`' + ErrorResponses.proxyError(failure) + '`' : "–";
            assertThat(readme).contains("| `" + failure.reason() + "` | " + status + " | " + error + " | ");
        }));
    }

    @Test
    void nothingElseIsDocumented() throws IOException {
        Set<String> documented = Pattern.compile("(?m)^\\| `([a-z_]+)` \\| (?:[0-9]{3}|–) \\| ")
                .matcher(Files.readString(Path.of("docs/reasons.md")))
                .results()
                .map(row -> row.group(1))
                .collect(Collectors.toSet());

        assertThat(documented).isEqualTo(all().map(Failure::reason).collect(Collectors.toSet()));
    }

    @Test
    void reasonsAreDistinctWords() {
        List<String> reasons = all().map(Failure::reason).toList();

        assertThat(reasons).doesNotHaveDuplicates().allMatch(reason -> reason.matches("[a-z]+(_[a-z]+)*"));
    }

    @Test
    void answerSaysWhyAndNothingFromInside() {
        assertThat(all()).allSatisfy(failure -> {
            LocalResponse answer = ErrorResponses.of(failure, "0123456789abcdef");

            assertThat(REGISTERED).contains(ErrorResponses.proxyError(failure));
            assertThat(answer.headers())
                    .containsEntry(
                            "Proxy-Status",
                            "postern; error=" + ErrorResponses.proxyError(failure) + "; details=\"" + failure.reason()
                                    + '"')
                    .containsEntry("Cache-Control", "no-store");
            assertThat(new String(answer.body(), StandardCharsets.UTF_8))
                    .matches("\\d{3} [A-Za-z -]+\\n([A-Za-z ]+\\n)?request 0123456789abcdef\\n");
        });
    }

    @Test
    void whoEndedItFollowsFromTheFailure() {
        assertThat(EndedBy.of(null)).isEqualTo(EndedBy.NOBODY);
        assertThat(Arrays.stream(ByServer.values()).map(EndedBy::of))
                .containsOnly(EndedBy.SERVER, EndedBy.SERVER_TIMEOUT);
        assertThat(Arrays.stream(ByEdge.values()).map(EndedBy::of)).containsOnly(EndedBy.EDGE);
        assertThat(all())
                .allSatisfy(failure -> assertThat(failure.reason().contains("timeout"))
                        .as(failure.reason())
                        .isEqualTo(EndedBy.of(failure).words().contains("timeout")
                                && !failure.equals(ByClient.BODY_TOO_SLOW)
                                && !failure.equals(ByClient.RESPONSE_NOT_TAKEN)
                                && !failure.equals(ByClient.RESPONSE_TAKEN_TOO_SLOWLY)));
    }

    private static Stream<Failure> all() {
        return Stream.of(ByClient.values(), ByEdge.values(), ByServer.values()).flatMap(Arrays::stream);
    }
}
