package dev.postern.cli;

import dev.postern.certificate.CertificateStatus;
import dev.postern.certificate.CertificateStore;
import dev.postern.config.Configuration;
import dev.postern.config.ConfigurationFile;
import dev.postern.config.ConfigurationProblems;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "list",
        header = "List the certificates: site, names, issuer, not-after, days left, next renewal.",
        description = "Reads the store alone: the daemon need not run, and is not disturbed where it does.",
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert list", "  postern cert list -c /etc/postern/postern.yaml"})
final class CertificateListCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final ConfigurationOption configuration = new ConfigurationOption();

    CertificateListCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems {
        Configuration config = ConfigurationFile.read(configuration.orDefault());
        Path root = config.acme().store();
        Instant now = Instant.now();
        try {
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of("SITE", "NAMES", "ISSUER", "NOT AFTER", "DAYS LEFT", "NEXT RENEWAL"));
            CertificateStore store = CertificateStore.openReadOnly(root);
            List<CertificateStatus> all =
                    CertificateStatus.read(store, config.sites(), site -> issuersFor(config, site), now);
            all.forEach(status -> rows.add(row(status, now)));
            print(rows, all);
            if (!store.exists() && config.sites().stream().anyMatch(site -> site.certificate() == null)) {
                console.err()
                        .println(root + ": does not exist yet (in "
                                + Path.of("").toAbsolutePath() + "); postern run makes it");
            }
            return ExitCode.OK;
        } catch (IOException e) {
            throw new CommandFailed(ExitCode.UNAVAILABLE, String.valueOf(e.getMessage()));
        }
    }

    private static List<String> issuersFor(Configuration config, Configuration.Site site) {
        return config.acme().issuersFor(site).stream()
                .map(Configuration.Issuer::name)
                .toList();
    }

    private static List<String> row(CertificateStatus status, Instant now) {
        Instant notAfter = status.notAfter();
        Instant next = status.nextRenewal();
        return List.of(
                status.site(),
                String.join(",", status.names()),
                Objects.requireNonNullElse(status.issuer(), "-"),
                notAfter == null ? "no certificate" : seconds(notAfter),
                notAfter == null ? "-" : daysLeft(Duration.between(now, notAfter)),
                next == null ? "-" : next.isAfter(now) ? seconds(next) : "now");
    }

    private static String seconds(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** One decimal: a certificate of six days is not to be counted in whole ones. */
    private static String daysLeft(Duration left) {
        return String.format(Locale.ROOT, "%.1f", left.toMinutes() / 1440.0);
    }

    /** The first of {@code rows} is the heading; below each of the others stands why its last attempt failed. */
    private void print(List<List<String>> rows, List<CertificateStatus> all) {
        int columns = rows.get(0).size();
        int[] widths = new int[columns];
        rows.forEach(row -> {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        });
        for (int r = 0; r < rows.size(); r++) {
            List<String> row = rows.get(r);
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
            }
            console.out().println(line.toString().stripTrailing());
            String failure = r == 0 ? null : all.get(r - 1).lastFailure();
            if (failure != null) {
                console.out().println("    " + failure);
            }
        }
    }
}
