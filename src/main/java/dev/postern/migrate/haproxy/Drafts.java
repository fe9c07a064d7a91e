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
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The sites that are to be written. A name has one, whoever wants it. */
final class Drafts {
    private final Tally tally;
    private final Listening listening;
    private final Instant now;
    private final List<SiteDraft> all = new ArrayList<>();
    /** Those that a service needs → the service. */
    private final Map<SiteDraft, Section> forCertificates = new LinkedHashMap<>();

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

    /** Adds what takes all hosts that no rule names. */
    static void rest(List<SiteDraft> drafts, Routing routing, Edits edits, boolean isPlain, Certificates certificates) {
        Set<String> taken = new LinkedHashSet<>();
        drafts.forEach(draft -> taken.addAll(draft.names));
        if (isPlain || !certificates.found().isEmpty()) {
            // The first one is shown to whoever asks for no other.
            Certificates.Found first =
                    certificates.found().isEmpty() ? null : certificates.found().get(0);
            List<String> own = first == null
                    ? List.of()
                    : first.names().stream().filter(taken::add).toList();
            for (int i = 1; i < certificates.found().size(); i++) {
                Certificates.Found more = certificates.found().get(i);
                List<String> names = more.names().stream().filter(taken::add).toList();
                if (!names.isEmpty()) {
                    drafts.add(new SiteDraft(names, routing, edits, isPlain, more));
                }
            }
            SiteDraft draft = new SiteDraft(own.isEmpty() ? List.of(Site.ANY) : own, routing, edits, isPlain, first);
            draft.isDefault = !own.isEmpty();
            drafts.add(draft);
            return;
        }
        List<String> names =
                certificates.guesses().stream().filter(taken::add).distinct().toList();
        SiteDraft draft = new SiteDraft(names.isEmpty() ? List.of("localhost") : names, routing, edits, false, null);
        draft.isDefault = true;
        draft.remarks.add(
                names.isEmpty()
                        ? "No rule says for which names this is: put yours in the place of localhost."
                        : "The names are those of the certificate files: see whether they are all.");
        drafts.add(draft);
    }

    /**
     * One whose connections are passed on.
     *
     * @param listener where they come to
     * @param place where its notes belong
     */
    void pass(
            String name,
            TcpServices.Passed passed,
            String listener,
            Section section,
            Admission admission,
            Mapping place) {
        boolean isAny = name.equals(Site.ANY);
        boolean isMain = listener.equals(Listening.SECURE);
        for (SiteDraft draft : List.copyOf(all)) {
            if (draft.names.contains(name) && draft.isPlain && draft.passthrough == null) {
                SiteDraft own = draft.names.size() == 1 ? draft : draft.alone(name);
                if (own != draft) {
                    all.add(all.indexOf(draft) + 1, own);
                }
                own.passthrough = passed.to();
                if (!isMain) {
                    share(own, listener);
                } else if (!own.listeners.isEmpty()) {
                    own.listeners.add(listener);
                }
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
                if (isSame && !isMain) {
                    share(draft, listener);
                    if (!draft.edits.admitsAs(passed.edits())) {
                        admission.lost("\"" + name + "\" is passed on from other addresses as well, for others");
                    }
                } else if (!isSame && isAny && !isMain) {
                    continue;
                } else if (!isSame) {
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
        if (!isMain) {
            draft.listeners.add(listener);
        }
        if (isAny && holder(name) != null) {
            draft.names.clear();
            draft.names.addAll(forAnybody(draft, section));
            draft.isDefault = true;
        }
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
            SiteDraft draft = new SiteDraft(List.of(name), new Routing(), Edits.NONE, false, found);
            forCertificates.put(draft, section);
            all.add(draft);
        }
        return Optional.of(name);
    }

    /** Sites that are there for their certificates alone are on no listener that anybody comes to. */
    void keepAside() {
        forCertificates.forEach((draft, section) -> {
            boolean isWeb = listening.isPlain() || listening.isSecure();
            draft.remarks.add("Here for the certificate of " + section.name() + " (" + tally.where(section.head())
                    + "), which needs a site" + (isWeb ? ", on a listener that nobody comes to." : "."));
            if (isWeb) {
                draft.listeners.add(listening.aside());
            }
        });
    }

    /**
     * The sites of one more section, on a listener that has them alone. What two listeners do alike for a name is one site.
     *
     * @param listener what it is called
     */
    void serve(String listener, List<SiteDraft> more, Section section, Mapping place) {
        boolean isMain = listener.equals(Listening.PLAIN);
        if (isMain && all.isEmpty()) {
            all.addAll(more);
            return;
        }
        if (isMain) {
            all.stream()
                    .filter(draft -> draft.listeners.isEmpty())
                    .forEach(draft -> draft.listeners.add(Listening.SECURE));
        }
        for (SiteDraft draft : more) {
            for (String name : List.copyOf(draft.names)) {
                SiteDraft holder = holder(name);
                if (holder == null) {
                    continue;
                }
                draft.names.remove(name);
                if (isAlike(holder, draft)) {
                    share(holder, listener);
                    continue;
                }
                if (name.equals(Site.ANY) || (draft.isDefault && draft.names.isEmpty())) {
                    draft.names.addAll(forAnybody(draft, section));
                    draft.isDefault = true;
                }
                // Who is there by default takes it all the same.
                if (draft.names.isEmpty() || !draft.isDefault) {
                    tally.note(
                            place,
                            section.head(),
                            "\"" + name + "\" is a site of another section, which does something else for it",
                            "routes of that site with when: { listener: " + listener + " }");
                }
            }
            if (!draft.names.isEmpty()) {
                draft.listeners.add(listener);
                all.add(draft);
            }
        }
    }

    /** Who has a name already; null where nobody has. */
    private @Nullable SiteDraft holder(String name) {
        return all.stream()
                .filter(draft -> draft.names.contains(name) || (name.equals(Site.ANY) && draft.isDefault))
                .findFirst()
                .orElse(null);
    }

    private static boolean isAlike(SiteDraft holder, SiteDraft draft) {
        boolean isWhole = holder.names.size() == 1 || holder.isDefault;
        return isWhole
                && holder.passthrough == null
                && (draft.isPlain || holder.isCertifiedAs(draft))
                && holder.routing.equals(draft.routing)
                && holder.edits.equals(draft.edits);
    }

    private void share(SiteDraft holder, String listener) {
        if (holder.listeners.isEmpty()) {
            if (listening.isPlain()) {
                holder.listeners.add(Listening.PLAIN);
            }
            if (!holder.isPlain) {
                holder.listeners.add(Listening.SECURE);
            }
        }
        holder.listeners.add(listener);
    }

    /** Names for a site that takes whoever names no other: those of its certificate, or one that nobody has. */
    private List<String> forAnybody(SiteDraft draft, Section section) {
        List<String> names = draft.certifiedNames().stream()
                .filter(name -> holder(name) == null)
                .toList();
        if (!names.isEmpty()) {
            return names;
        }
        if (!draft.certifiedNames().isEmpty()) {
            // The names of a site have to be those of its certificate.
            return holder(Site.ANY) == null ? List.of(Site.ANY) : List.of();
        }
        draft.remarks.clear();
        draft.remarks.add(
                draft.isPlain
                        ? "Whatever host clients ask for there: the name stands for none."
                        : "No rule says for which names this is: put yours in the place of this one.");
        String made = section.name()
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9]+", "-")
                .replaceAll("^-+|-+$", "");
        String name = (made.isEmpty() ? "any" : made.substring(0, Math.min(made.length(), 50))) + ".invalid";
        return List.of(holder(name) == null ? name : "line-" + section.head().line() + "." + name);
    }
}
