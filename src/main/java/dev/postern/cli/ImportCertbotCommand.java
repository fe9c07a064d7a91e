package dev.postern.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.app.ConfiguredStore;
import dev.postern.certificate.store.Store;
import dev.postern.config.Configuration;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlFailure;
import dev.postern.control.ImportCommands;
import dev.postern.disk.DiskFailure;
import dev.postern.migrate.CertbotImport;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "certbot",
        header = "Take over certbot's certificates, and its account.",
        description = {
            "Certificates and keys for the sites whose names they cover, and the account at each issuer where there is none here"
                    + " yet, so that the limits of the CA carry on. Nothing in DIR is changed; read with the rights of who runs this."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  postern cert import certbot /etc/letsencrypt --dry-run",
            "  postern cert import certbot /etc/letsencrypt --site example.com"
        })
final class ImportCertbotCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    final HelpOption help = new HelpOption();

    @Mixin
    private final CareOptions options;

    @Parameters(paramLabel = "DIR", description = "certbot's directory, such as /etc/letsencrypt, or a copy of it.")
    private Path directory = Path.of("/etc/letsencrypt");

    @Option(
            names = "--site",
            split = ",",
            paramLabel = "SITE",
            description = "Only for these sites, with commas between.")
    private List<String> sites = List.of();

    @Option(names = "--dry-run", description = "Show what would be done; change nothing.")
    private boolean rehearsal;

    ImportCertbotCommand(Console console, Surroundings surroundings) {
        this.console = console;
        this.options = new CareOptions(surroundings);
    }

    @Override
    public Integer call() throws CommandFailed, ConfigurationProblems, InterruptedException {
        ReadConfiguration read = options.read();
        Configuration config = read.config();
        List<CertbotImport.Step> steps;
        try {
            steps = CertbotImport.plan(directory, config, sites, Clock.systemUTC());
        } catch (ControlFailure e) {
            throw CommandFailed.of(e);
        } catch (IOException e) {
            throw new CommandFailed(ExitCode.UNAVAILABLE, DiskFailure.reason(e));
        }
        JsonArray done = new JsonArray();
        try (Errand errand = new Errand(read, false, console)) {
            for (CertbotImport.Step step : steps) {
                done.add(step(config, errand, step));
            }
        }
        JsonObject result = new JsonObject();
        result.add("steps", done);
        options.print(console, result, this::print);
        boolean failed = CareOptions.objects(result, "steps").stream()
                .anyMatch(step -> CareOptions.text(step, "outcome", "").equals("failed"));
        return failed ? ExitCode.NO : ExitCode.OK;
    }

    private JsonObject step(Configuration config, Errand errand, CertbotImport.Step step)
            throws CommandFailed, InterruptedException {
        JsonObject json = new JsonObject();
        json.addProperty("from", step.subject());
        JsonObject request = step.request();
        if (request == null) {
            json.addProperty("outcome", "passed over");
            json.addProperty("message", step.message());
            return json;
        }
        try {
            JsonObject outcome = rehearsal ? rehearse(config, request) : errand.run(request);
            outcome.entrySet().forEach(entry -> json.add(entry.getKey(), entry.getValue()));
        } catch (CommandFailed e) {
            if (e.exitCode() != ExitCode.NO) {
                throw e;
            }
            json.addProperty("outcome", "failed");
            json.addProperty("message", e.getMessage());
        }
        return json;
    }

    /** Beside a daemon or without one: looks at the store and changes nothing. */
    private static JsonObject rehearse(Configuration config, JsonObject request)
            throws CommandFailed, InterruptedException {
        Store store = ConfiguredStore.reading(config);
        try {
            return ImportCommands.reading(config.sites(), store, Clock.systemUTC())
                    .run(request, line -> {});
        } catch (ControlFailure e) {
            throw CommandFailed.of(e);
        }
    }

    private void print(JsonObject result) {
        for (JsonObject step : CareOptions.objects(result, "steps")) {
            String subject = CareOptions.text(step, "subject");
            console.out()
                    .println(CareOptions.text(step, "from", "?") + ": " + CareOptions.text(step, "outcome", "?")
                            + (subject == null ? "" : " for " + subject) + ": "
                            + CareOptions.text(step, "message", ""));
        }
    }
}
