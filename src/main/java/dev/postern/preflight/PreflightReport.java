package dev.postern.preflight;

import dev.postern.preflight.Finding.Verdict;
import java.util.List;

/** What was found about one site; nothing where it needs no CA beyond this process. */
public record PreflightReport(String site, List<Finding> findings) {
    public PreflightReport {
        findings = List.copyOf(findings);
    }

    /** Those that say an order would fail. */
    public List<Finding> certain() {
        return findings.stream()
                .filter(finding -> finding.verdict() == Verdict.CERTAIN)
                .toList();
    }
}
