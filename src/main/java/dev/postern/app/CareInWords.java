package dev.postern.app;

import dev.postern.admin.SiteWords;
import dev.postern.certificate.operate.CertificateOperations;
import dev.postern.certificate.operate.CertificateOperations.NoSuchSite;
import java.util.List;

/** What the care of certificates says of itself, where a site that it does not know has nothing to say. */
record CareInWords(CertificateOperations operations) implements SiteWords {
    @Override
    public String whyThen(String site) {
        try {
            return operations.dueness(site).reason();
        } catch (NoSuchSite e) {
            return "";
        }
    }

    @Override
    public List<String> explain(String site) {
        try {
            return operations.explain(site);
        } catch (NoSuchSite e) {
            return List.of();
        }
    }
}
