package dev.postern.alert;

import dev.postern.config.Alerts;
import dev.postern.config.CaFile;
import dev.postern.config.PlainText;
import dev.postern.config.SecretFile;
import jakarta.mail.Message.RecipientType;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Date;
import java.util.Properties;

/** By mail: SMTP, with TLS from the start or by STARTTLS, which is then required, and the name of the server looked at. */
final class MailReceiver implements Receiver {
    /** Of connecting, of an answer, and of a write, each: mail servers take their time for strangers. */
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final Alerts.Mail config;

    MailReceiver(Alerts.Mail config) {
        this.config = config;
    }

    @Override
    public String name() {
        return "mail by " + config.host() + ":" + config.port();
    }

    @Override
    public void send(Message message) throws IOException {
        try {
            Session session = Session.getInstance(properties());
            MimeMessage mail = new MimeMessage(session);
            mail.setFrom(new InternetAddress(config.from()));
            for (String to : config.to()) {
                mail.addRecipient(RecipientType.TO, new InternetAddress(to));
            }
            mail.setSubject("[postern " + message.host() + "] " + message.headline(), StandardCharsets.UTF_8.name());
            mail.setSentDate(Date.from(message.at()));
            // RFC 3834 §5: no holiday notice answers it.
            mail.setHeader("Auto-Submitted", "auto-generated");
            mail.setText(
                    message.text() + "\n\n" + message.event() + " "
                            + message.state().word() + " at " + message.at() + " on " + message.host() + "\n",
                    StandardCharsets.UTF_8.name());
            mail.saveChanges();
            try (Transport transport = session.getTransport()) {
                if (config.user() == null || config.passwordFile() == null) {
                    transport.connect();
                } else {
                    transport.connect(config.user(), SecretFile.password(config.passwordFile()));
                }
                transport.sendMessage(mail, mail.getAllRecipients());
            }
        } catch (MessagingException e) {
            throw new IOException(words(e), e);
        }
    }

    /** With what is behind it, which says most. */
    private static String words(MessagingException e) {
        Throwable cause = e.getCause();
        String words = cause == null || String.valueOf(e.getMessage()).contains(String.valueOf(cause.getMessage()))
                ? String.valueOf(e.getMessage())
                : e.getMessage() + ": " + cause.getMessage();
        return PlainText.line(words.strip());
    }

    private Properties properties() throws IOException {
        boolean fromTheStart = config.tls() == Alerts.MailTls.TLS;
        String protocol = fromTheStart ? "smtps" : "smtp";
        String prefix = "mail." + protocol + ".";
        String millis = Long.toString(TIMEOUT.toMillis());
        Properties properties = new Properties();
        properties.setProperty("mail.transport.protocol", protocol);
        properties.setProperty(prefix + "host", config.host());
        properties.setProperty(prefix + "port", Integer.toString(config.port()));
        properties.setProperty(prefix + "auth", Boolean.toString(config.user() != null));
        properties.setProperty(prefix + "connectiontimeout", millis);
        properties.setProperty(prefix + "timeout", millis);
        properties.setProperty(prefix + "writetimeout", millis);
        properties.setProperty(prefix + "ssl.checkserveridentity", "true");
        boolean starts = config.tls() == Alerts.MailTls.STARTTLS;
        properties.setProperty(prefix + "starttls.enable", Boolean.toString(starts));
        properties.setProperty(prefix + "starttls.required", Boolean.toString(starts));
        if (config.caFile() != null) {
            properties.put(
                    prefix + "ssl.socketFactory",
                    CaFile.trusting(config.caFile()).getSocketFactory());
        }
        return properties;
    }
}
