package dev.postern.config.read;

import dev.postern.config.Alerts;
import dev.postern.config.Alerts.About;
import dev.postern.config.Alerts.Format;
import dev.postern.config.Alerts.MailTls;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import dev.postern.config.Secret;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads {@code alerts}. */
final class AlertsReader {
    private static final List<String> KEYS = List.of("about", "per-hour", "mail", "webhooks");
    private static final List<String> MAIL = List.of("server", "tls", "from", "to", "user", "password-file", "ca-file");
    private static final List<String> WEBHOOK = List.of("url", "format", "token-file", "ca-file");

    /** As many as a person reads. */
    private static final int PER_HOUR = 20;

    private static final Scalar<Integer> NUMBER = Scalar.wholeNumber(1, 1000);
    private static final Scalar<About> ABOUT = Scalar.oneOf(List.of(About.values()), About::text);
    private static final Scalar<MailTls> TLS = Scalar.oneOf(List.of(MailTls.values()), MailTls::text);
    private static final Scalar<Format> FORMAT = Scalar.oneOf(List.of(Format.values()), Format::text);
    private static final Scalar<String> USER = new Scalar<>("a name", text -> {
        if (text.isBlank()) {
            throw new NotUnderstood("is empty");
        }
        return text;
    });
    private static final String URL = "a URL such as https://ntfy.example.com/postern";

    private AlertsReader() {}

    /** Null where the file has no such section: then nobody is told. */
    static @Nullable Alerts read(Section file) {
        if (!file.has("alerts")) {
            return null;
        }
        Section alerts = file.section("alerts", KEYS);
        List<Alerts.Webhook> webhooks = webhooks(alerts.find("webhooks"));
        Alerts.Mail mail = alerts.has("mail") ? mail(alerts.section("mail", MAIL)) : null;
        if (alerts.at().isMapping() && !alerts.has("mail") && !alerts.has("webhooks")) {
            alerts.at().problem("tells nobody (expected: mail, webhooks or both)");
        }
        return new Alerts(
                about(alerts.find(
                        "about", Stream.of(About.values()).map(About::text).toList())),
                alerts.get("per-hour", NUMBER, PER_HOUR),
                mail,
                webhooks);
    }

    private static Set<About> about(@Nullable Value value) {
        Set<About> about = EnumSet.allOf(About.class);
        if (value != null) {
            about.clear();
            for (Value item : value.itemsOrOne("a list such as [renewals, backends]")) {
                About one = item.read(ABOUT);
                if (one != null) {
                    about.add(one);
                }
            }
        }
        return about;
    }

    private static Alerts.@Nullable Mail mail(Section mail) {
        ServerAddress server = mail.require("server", ServerAddress.SCALAR);
        MailTls tls = mail.get("tls", TLS, MailTls.STARTTLS);
        String from = mail.require("from", EmailAddress.SCALAR);
        List<String> to = new ArrayList<>();
        Value recipients = mail.require("to", "a list of addresses such as [ops@example.com]");
        if (recipients != null) {
            for (Value item : recipients.itemsOrOne("a list of addresses such as [ops@example.com]")) {
                String one = item.read(EmailAddress.SCALAR);
                if (one != null) {
                    to.add(one);
                }
            }
        }
        String user = mail.find("user", USER);
        Path password = mail.find("password-file", FilePath.READABLE);
        if (mail.has("user") != mail.has("password-file")) {
            mail.at().problem("user and password-file go together (expected: both, or none)");
        }
        if (mail.has("password-file") && tls == MailTls.OFF) {
            mail.place("tls").problem("off would show the password to everybody (expected: starttls or tls)");
        }
        Path caFile = mail.find("ca-file", FilePath.PEM_CERTIFICATES);
        return server == null || from == null || to.isEmpty()
                ? null
                : new Alerts.Mail(server.host(), server.port(), tls, from, List.copyOf(to), user, password, caFile);
    }

    private static List<Alerts.Webhook> webhooks(@Nullable Value value) {
        List<Alerts.Webhook> webhooks = new ArrayList<>();
        if (value != null) {
            for (Value item :
                    value.items("a list such as [{ url: \"https://ntfy.example.com/postern\", format: ntfy }]")) {
                Section one = Section.of(item, WEBHOOK);
                Secret url = url(one.require("url", URL));
                Format format = one.get("format", FORMAT, Format.JSON);
                Path token = one.find("token-file", FilePath.READABLE);
                Path caFile = one.find("ca-file", FilePath.PEM_CERTIFICATES);
                if (url != null) {
                    webhooks.add(new Alerts.Webhook(url, format, token, caFile));
                }
            }
        }
        return List.copyOf(webhooks);
    }

    /** Whoever knows it may write there: no message has it. */
    private static @Nullable Secret url(@Nullable Value at) {
        Secret url = at == null ? null : at.secret(URL);
        if (at == null || url == null) {
            return null;
        }
        String wrong = fault(url.text());
        if (wrong != null) {
            at.problem(wrong + " (expected: " + URL + ")");
            return null;
        }
        return url;
    }

    private static @Nullable String fault(String text) {
        try {
            URI uri = new URI(text);
            String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
            if (!(scheme.equals("http") || scheme.equals("https")) || uri.getHost() == null) {
                return "is no http or https URL";
            }
            return uri.getUserInfo() != null || uri.getFragment() != null ? "has a user or a fragment" : null;
        } catch (URISyntaxException e) {
            return "is no URL";
        }
    }
}
