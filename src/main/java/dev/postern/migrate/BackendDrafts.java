package dev.postern.migrate;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The backends of an import, each once. Mutable. */
public final class BackendDrafts {
    private final Mapping at;
    private final Names names = new Names("-_");
    private final Map<BackendDraft, String> written = new LinkedHashMap<>();

    /** @param at {@code backends} of the result */
    public BackendDrafts(Mapping at) {
        this.at = at;
    }

    /**
     * The name of a backend that does this.
     *
     * @param wanted a name for it where there is none yet
     */
    public String of(String wanted, BackendDraft draft) {
        return written.computeIfAbsent(draft, key -> {
            String name = names.of(wanted);
            key.write(at.section(name));
            return name;
        });
    }

    /** Where notes on it belong. */
    public Mapping place(String name) {
        return at.section(name);
    }

    public Optional<String> find(String name) {
        return written.containsValue(name) ? Optional.of(name) : Optional.empty();
    }
}
