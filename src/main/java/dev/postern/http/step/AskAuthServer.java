package dev.postern.http.step;

import dev.postern.balance.LoadBalancer;
import dev.postern.config.ForwardAuth;
import dev.postern.http.exchange.Admission;
import dev.postern.http.exchange.AuthQuestion;
import dev.postern.http.exchange.Exchange;
import dev.postern.http.exchange.Inquiry;
import dev.postern.http.message.Fields;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.ResponseHead;
import dev.postern.http.message.Told;
import dev.postern.wire.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Lets a request of a route with {@code forward-auth} go on when the server that is asked says yes, with what that server says
 * for the one behind the route. A yes is kept for as long as {@code cache} says, under a keyed hash of all that was asked;
 * nothing else is kept. Event loops only, all of them.
 */
final class AskAuthServer {
    /** As many as a busy site has in a few seconds; what is forgotten is asked again. */
    private static final int KEPT = 10_000;

    /** A yes, and until when it stands. */
    private record Kept(int status, List<Told> told, long untilNanos) {}

    private final KeyedDigest digests;
    private final KeptAnswers<Kept> kept = new KeptAnswers<>(KEPT);

    AskAuthServer(KeyedDigest digests) {
        this.digests = digests;
    }

    /** @param next what happens to a request that may come in; at once, or later on the same event loop */
    void check(Exchange exchange, ForwardAuth auth, Runnable next) {
        LoadBalancer backend = exchange.routing().backends().get(auth.to());
        if (backend == null) {
            exchange.fail(Failure.ByServer.FORWARD_AUTH_FAILED, "no backend is called " + auth.to());
            return;
        }
        RequestHead question = AuthQuestion.of(exchange, auth);
        String key = auth.cache().isZero() ? "" : key(exchange, auth, question);
        Kept yes = key.isEmpty() ? null : kept.find(key);
        List<String> ours = auth.copyHeaders();
        if (yes != null && exchange.nanos() - yes.untilNanos < 0) {
            exchange.admitted(new Admission(auth.to(), yes.status, 0, List.of()), ours, yes.told);
            next.run();
            return;
        }
        Inquiry.begin(exchange, backend, new Inquiry.Question(question, auth.timeout()), (admission, head) -> {
            List<Told> told = told(ours, head.fields());
            if (!key.isEmpty() && admission.cookies().isEmpty() && mayBeKept(head)) {
                kept.keep(
                        key,
                        new Kept(
                                admission.status(),
                                told,
                                exchange.nanos() + auth.cache().toNanos()));
            }
            exchange.admitted(admission, ours, told);
            next.run();
        });
    }

    private String key(Exchange exchange, ForwardAuth auth, RequestHead question) {
        return digests.of(
                exchange.site() + ' ' + auth + ' ' + AuthQuestion.connection(exchange),
                question.fields().bytes());
    }

    /** Whoever answers may say that it does not stand for the next one. */
    private static boolean mayBeKept(ResponseHead head) {
        Fields fields = head.fields();
        int field = fields.find("cache-control", 0);
        for (; field >= 0; field = fields.find("cache-control", field + 1)) {
            if (fields.value(field).toLowerCase(Locale.ROOT).contains("no-store")) {
                return false;
            }
        }
        return true;
    }

    private static List<Told> told(List<String> names, Fields answer) {
        List<Told> told = new ArrayList<>();
        for (int i = 0; i < answer.count(); i++) {
            String name = answer.text(answer.nameFrom(i), answer.nameTo(i));
            if (names.contains(name.toLowerCase(Locale.ROOT))) {
                told.add(new Told(name, answer.value(i)));
            }
        }
        return List.copyOf(told);
    }
}
