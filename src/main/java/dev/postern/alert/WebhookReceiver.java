package dev.postern.alert;

import com.google.gson.JsonObject;
import dev.postern.certificate.issuer.BoundedHttp;
import dev.postern.config.Alerts;
import dev.postern.config.SecretFile;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;

/** By a POST that chats and pagers understand. */
final class WebhookReceiver implements Receiver {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private final Alerts.Webhook config;

    WebhookReceiver(Alerts.Webhook config) {
        this.config = config;
    }

    @Override
    public String name() {
        return "webhook at " + config;
    }

    @Override
    public void send(Message message) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(config.uri()).header("User-Agent", "postern");
        if (config.tokenFile() != null) {
            request.header("Authorization", "Bearer " + SecretFile.password(config.tokenFile()));
        }
        switch (config.format()) {
            case JSON -> json(request, generic(message));
            case SLACK -> json(request, slack(message));
            case NTFY -> ntfy(request, message);
        }
        BoundedHttp http = BoundedHttp.withoutRedirects(config.caFile());
        int status = http.send(request.build(), DEADLINE).status();
        if (status < 200 || status > 299) {
            throw new IOException("answered " + status);
        }
    }

    private static void json(HttpRequest.Builder request, JsonObject body) {
        request.header("Content-Type", "application/json").POST(BodyPublishers.ofString(body.toString()));
    }

    private static JsonObject generic(Message message) {
        JsonObject json = new JsonObject();
        json.addProperty("version", 1);
        json.addProperty("event", message.event());
        json.addProperty("state", message.state().word());
        json.addProperty("subject", message.subject());
        json.addProperty("title", message.title());
        json.addProperty("text", message.text());
        json.addProperty("host", message.host());
        json.addProperty("time", message.at().toString());
        return json;
    }

    /** Of Slack, and of Mattermost, Discord's {@code /slack} and others that take the same. */
    private static JsonObject slack(Message message) {
        JsonObject json = new JsonObject();
        json.addProperty(
                "text",
                sign(message) + " *" + escaped(message.headline()) + "* (" + escaped(message.host()) + ")\n"
                        + escaped(message.text()));
        return json;
    }

    private static String sign(Message message) {
        return switch (message.state()) {
            case BEGUN, SUMMARY -> ":warning:";
            case OVER -> ":white_check_mark:";
            case TEST -> ":bell:";
        };
    }

    /** What Slack takes for more than text. */
    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    /** Of ntfy: the text is the body, what is about it is in the header. */
    private static void ntfy(HttpRequest.Builder request, Message message) {
        request.header("Title", message.headline().replaceAll("[^\\x20-\\x7e]", "?"))
                .header("Priority", message.state() == Message.State.BEGUN ? "high" : "default")
                .header("Tags", sign(message).replace(":", ""))
                .POST(BodyPublishers.ofString(message.text() + "\n" + message.host()));
    }
}
