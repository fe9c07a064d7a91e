package dev.postern.cli;

import dev.postern.app.ConfiguredStore;
import dev.postern.app.StickySecret;
import dev.postern.app.WeakHashes;
import dev.postern.certificate.care.CertificateFiles;
import dev.postern.config.Configuration;
import dev.postern.config.SecretFile;
import dev.postern.config.Site;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.trust.TlsToServers;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "check",
        header = "Read the configuration and say everything that is wrong with it.",
        description = {
            "Also reads the files that it names (certificates and keys must be good now, and fit), and looks"
                    + " whether the certificate store can be written, as the user that runs it. Binds nothing, changes"
                    + " nothing, asks no CA.",
            "Ends with 0 and \"FILE: ok\", or with 78 and one line per problem."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  postern check", "  postern check -c /etc/postern/postern.yaml && systemctl reload postern"})
final class CheckCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final ConfigurationOption configuration;

    CheckCommand(Console console, Surroundings surroundings) {
        this.console = console;
        this.configuration = new ConfigurationOption(surroundings);
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, IOException {
        Path file = configuration.orDefault();
        Configuration config =
                ReadConfiguration.toStart(file, configuration.surroundings()).config();
        List<String> problems = new ArrayList<>(CertificateFiles.problems(config.certifiedSites(), Instant.now()));
        problems.addAll(TlsToServers.problems(config.backends().values()));
        List<String> issued =
                config.sites().stream().filter(Site::isIssued).map(Site::name).toList();
        if (!issued.isEmpty()) {
            problems.addAll(ConfiguredStore.problems(config, issued));
        } else {
            problems.addAll(StickySecret.problems(config));
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationProblems(file.toString(), problems);
        }
        CertificateFiles.openKeys(config.certifiedSites())
                .forEach(line -> console.err().println("WARN " + line + "; used all the same"));
        TlsToServers.unverified(config.backends().values())
                .forEach(line -> console.err().println("WARN " + line));
        WeakHashes.lines(config).forEach(line -> console.err().println("WARN " + line));
        SecretFile.open(config)
                .forEach(secret -> console.err()
                        .println("WARN " + secret
                                + ": others than its owner can read this secret (expected: chmod 600)"));
        console.out().println(file + ": ok");
        return ExitCode.OK;
    }
}
