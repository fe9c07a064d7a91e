package dev.postern.cli;

import com.google.gson.JsonObject;
import java.util.List;

/** How what was done for a site is told: on {@code out} what came of it, on {@code err} what failed. */
final class Outcome {
    private Outcome() {}

    /** {@link ExitCode#NO} where any failed. */
    static int exitCode(List<JsonObject> sites) {
        return sites.stream().anyMatch(Outcome::isFailed) ? ExitCode.NO : ExitCode.OK;
    }

    private static boolean isFailed(JsonObject site) {
        return CareOptions.text(site, "outcome", "").equals("failed");
    }

    /** With {@code --json}, too: errors go where errors go. */
    static void printFailures(Console console, List<JsonObject> sites) {
        sites.stream()
                .filter(Outcome::isFailed)
                .forEach(site -> console.err()
                        .println(CareOptions.text(site, "site", "?") + ": "
                                + CareOptions.text(site, "message", "failed")));
    }

    static void print(Console console, List<JsonObject> sites) {
        for (JsonObject site : sites) {
            if (!isFailed(site)) {
                console.out().println(line(site));
                CareOptions.texts(site, "lines").forEach(line -> console.out().println("    " + line));
            }
        }
    }

    private static String line(JsonObject site) {
        StringBuilder line = new StringBuilder(CareOptions.text(site, "site", "?"))
                .append(": ")
                .append(CareOptions.text(site, "outcome", "?"));
        String message = CareOptions.text(site, "message");
        if (message != null) {
            line.append(": ").append(message);
        }
        if (site.get("certificate") instanceof JsonObject certificate) {
            String notAfter = CareOptions.text(certificate, "not-after");
            line.append(
                    notAfter == null
                            ? "; no certificate"
                            : ": from " + CareOptions.text(certificate, "issuer", "?") + ", valid until " + notAfter);
            String next = CareOptions.text(certificate, "next-renewal");
            line.append(next == null ? "" : ", next renewal " + next);
        }
        return line.toString();
    }
}
