package dev.postern.migrate.haproxy;

import dev.postern.config.Site;
import dev.postern.migrate.Certificates;
import dev.postern.migrate.Edits;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Routing;
import dev.postern.migrate.SiteDraft;
import dev.postern.migrate.Tally;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The sites that are to be written. A name has one, whoever wants it. */
final class Drafts {
    private final Tally tally;
    private final Listening listening;
    private final Instant now;
    private final List<SiteDraft> all = new ArrayList<>();

    Drafts(Tally tally, Listening listening, Instant now) {
        this.tally = tally;
        this.listening = listening;
        this.now = now;
    }

    List<SiteDraft> all() {
        return all;
    }

    /** Sites that differ in nothing but their names are one. */
    static List<SiteDraft> together(List<SiteDraft> drafts) {
        List<SiteDraft> together = new ArrayList<>();
        for (SiteDraft draft : drafts) {
            Optional<SiteDraft> like =
                    together.stream().filter(other -> other.isLike(draft)).findFirst();
            if (like.isPresent()) {
                like.get().names.addAll(draft.names);
            } else {
                together.add(draft);
            }
        }
        return together;
    }

    /**
     * One whose connections are passed on.
     *
     * @param place where its notes belong
     */
    void pass(String name, TcpServices.Passed passed, Admission admission, Mapping place) {
        boolean isAny = name.equals(Site.ANY);
        for (SiteDraft draft : List.copyOf(all)) {
            if (draft.names.contains(name) && draft.isPlain && draft.passthrough == null) {
                SiteDraft own = draft.names.size() == 1 ? draft : draft.alone(name);
                if (own != draft) {
                    all.add(all.indexOf(draft) + 1, own);
                }
                own.passthrough = passed.to();
                // Over plain HTTP it is served as before.
                listening.redirect("off");
                if (!own.edits.admitsAs(passed.edits())) {
                    admission.lost("\"" + name + "\" is a site over plain HTTP as well, which lets in others");
                    if (!own.edits.admitsAs(Edits.NONE)) {
                        tally.note(
                                place,
                                passed.statement(),
                                "whoever is not let in over HTTP is not passed on either: " + name,
                                "");
                    }
                }
                return;
            }
            if (draft.names.contains(name) || (isAny && draft.isDefault)) {
                boolean isSame = passed.to().equals(draft.passthrough);
                if (!isSame) {
                    tally.note(
                            place,
                            passed.statement(),
                            (isAny ? "names that no rule is about" : "\"" + name + "\"") + " not passed on to "
                                    + passed.to().backend() + ": "
                                    + (draft.passthrough == null
                                            ? "a site that is opened here takes them"
                                            : "they go to " + draft.passthrough.backend() + " already"),
                            "");
                }
                return;
            }
        }
        SiteDraft draft = new SiteDraft(List.of(name), new Routing(), passed.edits(), false, null);
        draft.passthrough = passed.to();
        all.add(draft);
    }

    /** The name of a site that has the certificate of a service: one that there is, or one more. */
    Optional<String> certified(Section section, List<String> files, Mapping place) {
        Certificates certificates = new Certificates(files, now);
        certificates
                .problems()
                .forEach(problem -> place.remark("Not taken over: " + problem + ". An issuer gives the certificate."));
        Certificates.Found found =
                certificates.found().isEmpty() ? null : certificates.found().get(0);
        List<String> names = found == null ? certificates.guesses() : found.names();
        String name = names.isEmpty() ? "localhost" : names.get(0);
        boolean isThere = all.stream()
                .anyMatch(draft -> draft.names.contains(name) && !draft.isPlain && draft.passthrough == null);
        boolean isTaken = all.stream().anyMatch(draft -> draft.names.contains(name));
        if (isTaken && !isThere) {
            return Optional.empty();
        }
        if (!isThere) {
            all.add(forCertificate(section, name, found));
        }
        return Optional.of(name);
    }

    /** Whoever asks the listeners for that name is to get what there was for any name: a site of its own cannot be avoided. */
    private SiteDraft forCertificate(Section section, String name, Certificates.@Nullable Found found) {
        Optional<SiteDraft> others = all.stream()
                .filter(draft -> draft.isDefault || draft.names.contains(Site.ANY))
                .findFirst();
        Optional<SiteDraft> web = others.filter(draft -> draft.passthrough == null || draft.isPlain);
        SiteDraft draft = new SiteDraft(
                List.of(name),
                web.map(other -> other.routing).orElse(new Routing()),
                web.map(other -> other.edits).orElse(Edits.NONE),
                false,
                found);
        String what = "Here for the certificate of " + section.name() + " (" + tally.where(section.head())
                + "), which needs a site. On the listeners for the web this name is ";
        if (web.isPresent()) {
            draft.remarks.add(what + "served as all others are, with that certificate.");
        } else if (others.isPresent()) {
            draft.remarks.add(what + "answered 404, and not passed on as all others are.");
        } else {
            draft.remarks.add(what + "answered 404.");
        }
        if (web.filter(other -> other.isPlain).isPresent()) {
            // Over plain HTTP it is served as before.
            listening.redirect("off");
        }
        return draft;
    }
}
