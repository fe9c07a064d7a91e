package dev.postern.admin;

import dev.postern.backend.Server;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.certificate.care.CertificateStatus.Served.Answer;
import dev.postern.observe.Metrics;
import dev.postern.status.BackendPicture;
import dev.postern.status.BackendPicture.ServerPicture;
import dev.postern.status.EdgePicture;
import dev.postern.status.LastReload;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Something that an operator should look at.
 *
 * @param grave whether clients notice; else they will, or might
 * @param subject what it is about
 * @param href where on the page there is more of it
 */
record Concern(boolean grave, String subject, String words, String href) {
    /** All there is, what is grave first. */
    static List<Concern> of(EdgePicture picture) {
        List<Concern> all = new ArrayList<>();
        picture.backends().forEach(backend -> backend(backend, all));
        certificates(picture, all);
        LastReload reload = picture.edge().lastReload();
        if (reload != null && !reload.done()) {
            all.add(new Concern(
                    false,
                    "configuration",
                    "the last reload was refused: " + reload.lines().get(0),
                    "#edge"));
        } else if (reload != null && !reload.afterRestart().isEmpty()) {
            all.add(new Concern(
                    false,
                    "configuration",
                    String.join(", ", reload.afterRestart()) + ": takes effect with a restart only",
                    "#edge"));
        }
        all.sort(Comparator.comparing((Concern concern) -> !concern.grave));
        return List.copyOf(all);
    }

    private static void backend(BackendPicture backend, List<Concern> all) {
        String href = "#backend-" + backend.name();
        if (backend.up() == 0 && !backend.servers().isEmpty()) {
            all.add(new Concern(true, backend.name(), "no server is up", href));
            return;
        }
        for (ServerPicture server : backend.servers()) {
            // Whoever has taken one out knows that.
            if (server.outlook().state() != Server.State.UP && server.outlook().state() != Server.State.MAINTENANCE) {
                all.add(new Concern(
                        false,
                        backend.name() + "/" + server.name(),
                        server.state() + ": " + server.outlook().why(),
                        href));
            }
        }
        if (backend.waiting() > 0) {
            all.add(new Concern(
                    false, backend.name(), Words.number(backend.waiting(), "request") + " waiting for room", href));
        }
    }

    private static void certificates(EdgePicture picture, List<Concern> all) {
        Set<String> overdue = new HashSet<>(Metrics.overdue(picture.certificates(), picture.at()));
        for (CertificateStatus status : picture.certificates()) {
            String href = "/site?name=" + Query.encoded(status.site());
            if (status.ends() == null || !status.ends().isAfter(picture.at())) {
                String why = status.lastFailure();
                all.add(new Concern(
                        true, status.site(), "no certificate to serve" + (why == null ? "" : ": " + why), href));
            } else if (status.served().answer() == Answer.NO) {
                all.add(new Concern(
                        true,
                        status.site(),
                        "clients do not see its certificate: " + status.served().why(),
                        href));
            } else if (status.lastFailure() != null) {
                all.add(new Concern(
                        overdue.contains(status.site()),
                        status.site(),
                        "renewal fails: " + status.lastFailure(),
                        href));
            } else if (overdue.contains(status.site())) {
                all.add(new Concern(false, status.site(), "its certificate should have been renewed long ago", href));
            } else if (!status.leftOut().isEmpty()) {
                all.add(new Concern(
                        false,
                        status.site(),
                        "its certificate does without "
                                + status.leftOut().get(0).name() + ": "
                                + status.leftOut().get(0).because(),
                        href));
            }
        }
    }
}
