package dev.postern.certificate.care;

import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.policy.FailingNames;
import dev.postern.time.TimeText;
import java.time.InstantSource;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The names that the certificate of a site does without, for they could not be proven: tried by themselves, with an order
 * that is never finalized, so that it costs none of the limits on certificates. Used by one thread, outside of any site.
 */
final class LeftOutNames {
    private static final Logger LOG = LoggerFactory.getLogger(LeftOutNames.class);

    private final SiteRecord record;
    private final List<String> names;
    private final InstantSource clock;

    LeftOutNames(SiteRecord record, List<String> names, InstantSource clock) {
        this.record = record;
        this.names = names;
        this.clock = clock;
    }

    /** Those that prove are part of what is ordered next. */
    void tryAt(CertificateIssuer issuer, IssuerTurn turn) throws InterruptedException {
        try {
            turn.prove(issuer, names);
            join(names);
        } catch (IssueFailure e) {
            if (!e.blamed().isEmpty()) {
                join(names.stream()
                        .filter(name -> !e.blamed().containsKey(name))
                        .toList());
            }
            stillOut(
                    names.stream()
                            .filter(name -> e.blamed().isEmpty() || e.blamed().containsKey(name))
                            .toList(),
                    e);
        }
    }

    private void join(List<String> proven) {
        if (proven.isEmpty()) {
            return;
        }
        record.change(its -> its.proven(proven));
        LOG.info(
                "{}: {} can be proven again; the next certificate is for {}, too, and ordered now",
                record.name(),
                String.join(", ", proven),
                proven.size() == 1 ? "it" : "them");
    }

    private void stillOut(List<String> failed, IssueFailure failure) {
        FailingNames known = record.within(its -> its.triedInVain(failed, failure, clock.instant()));
        for (String name : failed) {
            FailingNames.Failing failing = known.of(name);
            if (failing != null) {
                LOG.warn(
                        "{}: \"{}\" is still left out of its certificate: {}; tried again at {}",
                        record.name(),
                        name,
                        failure.blamed().getOrDefault(name, String.valueOf(failure.getMessage())),
                        TimeText.at(failing.nextTry()));
            }
        }
    }
}
