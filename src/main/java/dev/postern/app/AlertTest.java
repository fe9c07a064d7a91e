package dev.postern.app;

import dev.postern.alert.Message;
import dev.postern.alert.Receiver;
import dev.postern.alert.Receivers;
import dev.postern.config.Alerts;
import dev.postern.machine.HostName;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends a message by all receivers, from this process. */
public final class AlertTest {
    private AlertTest() {}

    /** @param fault one line; null where it was taken */
    public record Outcome(String receiver, @Nullable String fault) {}

    /** Blocks for as long as they take. */
    public static List<Outcome> run(Alerts alerts) throws InterruptedException {
        Message message = Message.test(HostName.or("localhost"), Instant.now());
        List<Outcome> outcomes = new ArrayList<>();
        for (Receiver receiver : Receivers.of(alerts)) {
            try {
                receiver.send(message);
                outcomes.add(new Outcome(receiver.name(), null));
            } catch (IOException e) {
                outcomes.add(new Outcome(receiver.name(), String.valueOf(e.getMessage())));
            }
        }
        return outcomes;
    }
}
