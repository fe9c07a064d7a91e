package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.read.Surroundings;
import picocli.CommandLine.Command;

@Command(
        name = "explain",
        header = "Say in words what is going to happen to a site, and why.",
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert explain example.com"})
final class CertificateExplainCommand extends SiteCommand {
    CertificateExplainCommand(Console console, Surroundings surroundings) {
        super(console, surroundings, false, "explain");
    }

    @Override
    void print(JsonObject result) {
        CareOptions.texts(result, "lines").forEach(console.out()::println);
    }
}
