package dev.postern.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.app.ConfiguredStore;
import dev.postern.certificate.care.StoredCertificates;
import dev.postern.certificate.store.Store;
import dev.postern.config.CertificateSource;
import dev.postern.config.Configuration;
import dev.postern.config.RegularFile;
import dev.postern.config.Site;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlledSites;
import dev.postern.disk.DiskFailure;
import dev.postern.pki.Certificate;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "export",
        header = "Copy a certificate and its key for another program.",
        description = {
            "Into DIR: privkey.pem (0600), cert.pem, chain.pem and fullchain.pem; or into one PKCS#12 file. Reads the store alone.",
            "A copy does not follow renewals: the on-renewed hook is the place to make the next one."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern cert export example.com /etc/mail/tls --force",
            "  postern cert export example.com --pkcs12 example.p12 --password-file p12.txt"
        })
final class CertificateExportCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options;

    @Parameters(paramLabel = "SITE", description = "The first of the site's names.")
    private String site = "";

    @Parameters(paramLabel = "DIR", arity = "0..1", index = "1", description = "Made where it is missing, 0700.")
    private @Nullable Path directory;

    @Option(names = "--pkcs12", paramLabel = "FILE", description = "All of it in one PKCS#12 file, 0600.")
    private @Nullable Path pkcs12;

    @Option(
            names = "--password-file",
            paramLabel = "FILE",
            description = "Its first line is the password of the PKCS#12 file.")
    private @Nullable Path passwordFile;

    @Option(names = "--force", description = "Overwrite what is there.")
    private boolean force;

    CertificateExportCommand(Console console, Surroundings surroundings) {
        this.console = console;
        this.options = new CareOptions(surroundings);
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException, WrongUsage {
        if (directory == null && pkcs12 == null) {
            throw new WrongUsage("missing DIR or --pkcs12 FILE");
        }
        if ((pkcs12 == null) != (passwordFile == null)) {
            throw new WrongUsage("--pkcs12 and --password-file belong together");
        }
        Configuration config = options.read().config();
        try {
            ControlledSites all = new ControlledSites(config.certifiedSites());
            Site named = all.find(site);
            Site found = named.certificate() instanceof CertificateSource.OfSite of ? all.find(of.site()) : named;
            Store store = ConfiguredStore.reading(config);
            Certificate certificate = StoredCertificates.read(store, found, Instant.now())
                    .orElseThrow(() -> new CommandFailed(ExitCode.NO, site + ": no certificate yet"));
            JsonArray files = new JsonArray();
            if (directory != null) {
                CertificateExport.pem(certificate, directory, force).forEach(file -> files.add(file.toString()));
            }
            if (pkcs12 != null && passwordFile != null) {
                CertificateExport.pkcs12(certificate, pkcs12, password(passwordFile), force);
                files.add(pkcs12.toString());
            }
            JsonObject result = new JsonObject();
            result.addProperty("site", site);
            result.add("files", files);
            options.print(
                    console, result, json -> CareOptions.texts(json, "files").forEach(console.out()::println));
            return ExitCode.OK;
        } catch (ControlFailure e) {
            throw CommandFailed.of(e);
        } catch (FileAlreadyExistsException e) {
            throw new CommandFailed(ExitCode.NO, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw new CommandFailed(ExitCode.UNAVAILABLE, DiskFailure.reason(e));
        }
    }

    private static char[] password(Path file) throws CommandFailed {
        try {
            String password = RegularFile.text(file, RegularFile.PEM_BYTES)
                    .lines()
                    .findFirst()
                    .orElse("");
            if (password.isEmpty()) {
                throw new CommandFailed(ExitCode.USAGE, file + ": its first line is empty (expected: the password)");
            }
            return password.toCharArray();
        } catch (IOException e) {
            throw new CommandFailed(ExitCode.UNAVAILABLE, file + ": " + DiskFailure.reason(e));
        }
    }
}
