package dev.postern.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.app.ConfiguredStore;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.certificate.care.Shown;
import dev.postern.certificate.store.Store;
import dev.postern.config.Configuration;
import dev.postern.config.Issuer;
import dev.postern.config.Site;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.control.CertificateJson;
import dev.postern.control.ControlClient;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "list",
        header = "List the certificates: site, names, issuer, not-after, days left, next renewal, served.",
        description = {
            "Asks the daemon where one runs, else reads the store alone and disturbs nobody.",
            "",
            "NEXT RENEWAL is \"by its operator\" where these bring the files, and \"with SITE\" where the certificate is that site's."
                    + " SERVED is what a handshake with the daemon's own listener showed: yes, no, \"not checked\" where there was"
                    + " none yet or none can be made from here, \"no daemon\" where none runs to ask."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern cert list",
            "  postern cert list -c /etc/postern/postern.yaml",
            "  postern cert list --json"
        })
final class CertificateListCommand implements Callable<Integer> {
    private static final int LONGEST_LINE = 300;

    /** How the issuer begins where the certificate is another site's. */
    private static final String SHARED = "of ";

    private final Console console;
    private boolean hasDaemon;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options;

    CertificateListCommand(Console console, Surroundings surroundings) {
        this.console = console;
        this.options = new CareOptions(surroundings);
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems {
        ReadConfiguration read = options.read();
        JsonObject result;
        boolean known = true;
        try {
            Optional<ControlClient> daemon = read.daemon();
            hasDaemon = daemon.isPresent();
            if (daemon.isPresent()) {
                result = ask(daemon.get());
            } else {
                result = read(read.config());
                known = hasStore(read.config()) || read.isStoreNamed();
            }
        } catch (ControlFailure e) {
            throw CommandFailed.of(e);
        } catch (IOException e) {
            throw new CommandFailed(ExitCode.UNAVAILABLE, String.valueOf(e.getMessage()));
        }
        options.print(console, result, this::print);
        return known ? ExitCode.OK : ExitCode.NO;
    }

    /** Where there is none, "no certificate" may mean that we look at the wrong place, and says so. */
    private boolean hasStore(Configuration config) {
        if (ConfiguredStore.reading(config).exists() || config.sites().stream().noneMatch(Site::isIssued)) {
            return true;
        }
        console.err()
                .println(config.acme().store().toAbsolutePath()
                        + ": is no store (expected: that of the daemon, which postern run makes; without acme.store in the"
                        + " file it is $STATE_DIRECTORY, else certs/ of the installation)");
        return false;
    }

    private JsonObject ask(ControlClient daemon) throws ControlFailure {
        try (daemon) {
            return daemon.run(ControlRequest.of("list").json(), console.err()::println);
        }
    }

    private JsonObject read(Configuration config) throws IOException {
        Store store = ConfiguredStore.reading(config);
        JsonArray sites = new JsonArray();
        CertificateStatus.read(store, config.certifiedSites(), site -> issuersFor(config, site), Instant.now())
                .forEach(status -> sites.add(CertificateJson.of(status)));
        JsonObject result = new JsonObject();
        result.add("sites", sites);
        return result;
    }

    private static List<String> issuersFor(Configuration config, Site site) {
        return config.acme().issuersFor(site).stream().map(Issuer::name).toList();
    }

    private void print(JsonObject result) {
        Instant now = Instant.now();
        Table table = new Table("SITE", "NAMES", "ISSUER", "NOT AFTER", "DAYS LEFT", "NEXT RENEWAL", "SERVED");
        for (JsonObject site : CareOptions.objects(result, "sites")) {
            Instant notAfter = instant(site, "not-after");
            Instant next = instant(site, "next-renewal");
            String failure = CareOptions.text(site, "last-failure");
            String unseen = CareOptions.text(site, "not-served-because");
            String refusal = CareOptions.text(site, "not-on-disk-because");
            String unwritten =
                    refusal == null ? null : "in memory only: " + refusal + "; written as soon as the disk takes it";
            table.row(
                    List.of(
                            CareOptions.text(site, "site", "?"),
                            String.join(",", CareOptions.texts(site, "names")),
                            CareOptions.text(site, "issuer", "none yet"),
                            notAfter == null ? "no certificate" : notAfter.toString(),
                            notAfter == null ? "none" : daysLeft(Duration.between(now, notAfter)),
                            next == null ? otherwise(site) : next.isAfter(now) ? next.toString() : "now",
                            served(site, notAfter)),
                    Stream.concat(Stream.of(failure, unseen, unwritten, standIn(site), refused(site)), leftOut(site))
                            .filter(Objects::nonNull)
                            .map(line -> shortened(line, CareOptions.text(site, "site", "?")))
                            .toList());
        }
        table.print(console.out());
    }

    /** What fits under a row; JSON has all of it, and so has the explanation. */
    private static String shortened(String line, String site) {
        return line.length() <= LONGEST_LINE
                ? line
                : line.substring(0, LONGEST_LINE) + "… (all of it: postern cert explain " + site + ")";
    }

    private static Stream<String> leftOut(JsonObject site) {
        return site.has("left-out")
                ? CareOptions.objects(site, "left-out").stream()
                        .map(one -> "without " + CareOptions.text(one, "name", "?") + ", which has failed since "
                                + CareOptions.text(one, "since", "?")
                                + shown(CareOptions.text(one, "served-until"))
                                + ": " + CareOptions.text(one, "because", "?"))
                : Stream.empty();
    }

    private static String shown(@Nullable String until) {
        return until == null ? " and is refused" : " and is served with the certificate before until " + until;
    }

    private static @Nullable Instant instant(JsonObject json, String key) {
        String text = CareOptions.text(json, key);
        return text == null ? null : Instant.parse(text);
    }

    /** Why no renewal of its own is due. */
    private static String otherwise(JsonObject site) {
        String issuer = CareOptions.text(site, "issuer", "");
        return issuer.equals("file")
                ? "by its operator"
                : issuer.startsWith(SHARED) ? "with " + issuer.substring(SHARED.length()) : "no issuer";
    }

    private String served(JsonObject site, @Nullable Instant notAfter) {
        String answer = CareOptions.text(site, "served");
        if (answer == null) {
            return !hasDaemon ? "no daemon" : isRefused(site, notAfter) ? "no" : "not checked";
        }
        return answer.equals("true") ? "yes" : "no";
    }

    private static boolean isRefused(JsonObject site, @Nullable Instant notAfter) {
        return notAfter == null && CareOptions.text(site, "stand-in-until") == null;
    }

    private static @Nullable String standIn(JsonObject site) {
        String until = CareOptions.text(site, "stand-in-until");
        return until == null ? null : "another certificate stands in, until " + until;
    }

    private static @Nullable String refused(JsonObject site) {
        List<String> refused = site.has("refused") ? CareOptions.texts(site, "refused") : List.of();
        return refused.isEmpty() ? null : "clients are refused: " + Shown.named(refused);
    }

    /** One decimal: a certificate of six days is not to be counted in whole ones. */
    private static String daysLeft(Duration left) {
        return String.format(Locale.ROOT, "%.1f", left.toMinutes() / 1440.0);
    }
}
