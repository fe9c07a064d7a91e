package dev.postern.alert;

import dev.postern.config.Alerts;
import java.util.ArrayList;
import java.util.List;

/** All ways to somebody that a configuration has. */
public final class Receivers {
    private Receivers() {}

    /** In the order of the configuration. */
    public static List<Receiver> of(Alerts alerts) {
        List<Receiver> all = new ArrayList<>();
        if (alerts.mail() != null) {
            all.add(new MailReceiver(alerts.mail()));
        }
        alerts.webhooks().forEach(webhook -> all.add(new WebhookReceiver(webhook)));
        return List.copyOf(all);
    }
}
