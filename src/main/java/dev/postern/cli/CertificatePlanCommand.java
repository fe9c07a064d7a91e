package dev.postern.cli;

import com.google.gson.JsonObject;
import dev.postern.config.read.Surroundings;
import dev.postern.control.ControlRequest;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "plan",
        header = "Say for every site when it is due, and when it can be had.",
        description = {"Below a site: what the rate limits of its issuer still allow, where something of them is used."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  postern cert plan", "  postern cert plan --all", "  postern cert plan --json"})
final class CertificatePlanCommand extends ErrandCommand {
    @Option(names = "--all", description = "The limits of which nothing is used, too; --json always has them.")
    private boolean all;

    CertificatePlanCommand(Console console, Surroundings surroundings) {
        super(console, surroundings, false);
    }

    @Override
    ControlRequest request() {
        return ControlRequest.of("plan");
    }

    @Override
    void print(JsonObject result) {
        Instant now = Instant.now();
        Table table = new Table("SITE", "ISSUER", "DUE", "NEXT ATTEMPT", "REASON");
        for (JsonObject site : CareOptions.objects(result, "sites")) {
            table.row(
                    List.of(
                            CareOptions.text(site, "site", "?"),
                            CareOptions.text(site, "issuer", "-"),
                            when(CareOptions.text(site, "due"), now),
                            when(CareOptions.text(site, "next-attempt"), now),
                            CareOptions.text(site, "reason", "")),
                    CareOptions.objects(site, "budgets").stream()
                            .filter(budget -> all || isUsed(budget))
                            .map(CertificatePlanCommand::budget)
                            .toList());
        }
        table.print(console.out());
    }

    private static String when(@Nullable String instant, Instant now) {
        return instant == null || !Instant.parse(instant).isAfter(now) ? "now" : instant;
    }

    private static boolean isUsed(JsonObject budget) {
        return !CareOptions.text(budget, "left", "").equals(CareOptions.text(budget, "max", ""));
    }

    private static String budget(JsonObject budget) {
        String of = CareOptions.text(budget, "of", "");
        String next = CareOptions.text(budget, "next-at");
        return CareOptions.text(budget, "limit", "?") + (of.isEmpty() ? "" : " (" + of + ")") + ": "
                + CareOptions.text(budget, "left", "?") + " of " + CareOptions.text(budget, "max", "?") + " left"
                + (next == null ? "" : ", one more at " + next);
    }
}
