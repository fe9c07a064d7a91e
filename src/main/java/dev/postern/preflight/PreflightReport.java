package dev.postern.preflight;

import dev.postern.preflight.Finding.Verdict;
import java.util.List;

/** What was found about one site; nothing where it needs no CA beyond this process. */
public record PreflightReport(String site, List<Finding> findings) {
    public PreflightReport {
        findings = List.copyOf(findings);
    }

    /** Whether nothing is known that an order would fail for, and nothing unknown that it needs. */
    public boolean isGood() {
        return findings.stream()
                .allMatch(finding -> finding.verdict() == Verdict.OK || finding.verdict() == Verdict.WARNING);
    }

    /** Those that say an order would fail. */
    public List<Finding> certain() {
        return findings.stream()
                .filter(finding -> finding.verdict() == Verdict.CERTAIN)
                .toList();
    }
}
