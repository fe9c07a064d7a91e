package dev.postern.http.step;

import dev.postern.certificate.served.ChallengeTable;
import dev.postern.config.Variable;
import dev.postern.http.exchange.Exchange;
import dev.postern.http.exchange.LinesPerMinute;
import dev.postern.http.exchange.LocalResponse;
import dev.postern.http.exchange.RequestStep;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.RequestHead;
import dev.postern.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The side port: answers an open challenge with its key authorization, as it is, without a line end
 * (<a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8.3">RFC 8555 §8.3</a>), everything else with 404.
 * Every request for a challenge that is open, or for a name with an open one, is logged: "did the CA get through to us"
 * is the first question when an order fails.
 */
public final class AnswerHttp01Challenge implements RequestStep {
    private static final Logger LOG = LoggerFactory.getLogger(AnswerHttp01Challenge.class);

    /** As much of a token as goes into the log. */
    private static final int LOGGED = 8;

    /** Lines a minute: many more than a CA has validators. */
    static final int MISSES = 20;

    private final ChallengeTable challenges;
    private final LinesPerMinute misses = new LinesPerMinute(MISSES);

    public AnswerHttp01Challenge(ChallengeTable challenges) {
        this.challenges = challenges;
    }

    @Override
    public boolean handle(Exchange exchange) {
        RequestHead request = exchange.request();
        boolean read = request.method().equals("GET") || request.isHead();
        if (!read || !request.target().pathStartsWith(RelayAcmeChallenge.PREFIX)) {
            exchange.fail(Failure.ByClient.NO_SUCH_ROUTE, "side port: only challenges are answered here");
            return true;
        }
        String token = request.target().routedText().substring(RelayAcmeChallenge.PREFIX.length);
        String shown = token.length() > LOGGED ? token.substring(0, LOGGED) + "…" : token;
        // Mostly it is the relay on this host that talks to the side port, and says who asked; a CA may be told to do
        // so itself.
        String relayed = request.fields().first(FieldName.X_FORWARDED_FOR);
        String asker = relayed == null ? exchange.variable(Variable.CLIENT) : relayed;
        String answer = challenges.answer(token, asker);
        if (answer == null) {
            String host = request.authority().host();
            // While an order is open, its CA may be the one that finds nothing; else it is a stranger. And then, too,
            // strangers may ask as often as they like.
            boolean told = challenges.isOpenFor(host) && misses.mayBeTold(exchange.nanos());
            LOG.atLevel(told ? Level.INFO : Level.DEBUG)
                    .log(
                            "challenge {} for {}: asked by {}: no such challenge is open; answered 404",
                            shown,
                            host,
                            asker);
            if (told && misses.isLast()) {
                LOG.info("challenges that are not open: more than {} a minute; the others are told at DEBUG", MISSES);
            }
            exchange.fail(Failure.ByClient.NO_SUCH_ROUTE, "side port: no such challenge");
        } else {
            LOG.info(
                    "challenge {} for {}: asked by {}: answered",
                    shown,
                    request.authority().host(),
                    asker);
            exchange.respond(new LocalResponse(
                    200,
                    Map.of("Content-Type", "application/octet-stream"),
                    answer.getBytes(StandardCharsets.US_ASCII)));
        }
        return true;
    }
}
