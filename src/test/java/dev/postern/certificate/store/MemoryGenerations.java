package dev.postern.certificate.store;

import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.pki.Certificate;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The generations of a {@link MemorySite}, as one of the holders sees them. */
final class MemoryGenerations implements Generations {
    /** In front of each write. */
    interface Fence {
        void require() throws NotLeader;
    }

    record Stored(
            Certificate certificate,
            @Nullable String account,
            @Nullable RevocationReason revoked,
            boolean rolledBack) {}

    /** What the holders share. */
    static final class Content {
        final TreeMap<Integer, Stored> all = new TreeMap<>();
        int current;

        int newest() {
            return all.isEmpty() ? 0 : all.lastKey();
        }
    }

    private final Content content;
    private final Fence fence;

    MemoryGenerations(Content content, Fence fence) {
        this.content = content;
        this.fence = fence;
    }

    @Override
    public Optional<Generation> load(List<String> names, Instant now) {
        List<Integer> numbers = newestFirst();
        if (numbers.remove(Integer.valueOf(content.current))) {
            numbers.add(0, content.current);
        }
        Generation expired = null;
        for (int number : numbers) {
            try {
                Generation generation = new Generation(number, read(number, names));
                if (!generation.certificate().isExpired(now)) {
                    return Optional.of(generation);
                }
                expired = expired == null ? generation : expired;
            } catch (CertificateException e) {
                // The one before it is tried.
            }
        }
        return Optional.ofNullable(expired);
    }

    @Override
    public Optional<Generation> look(List<String> names, Instant now) {
        return load(names, now);
    }

    @Override
    public List<Integer> newestFirst() {
        return new ArrayList<>(content.all.descendingKeySet());
    }

    @Override
    public Certificate read(int number, List<String> names) throws CertificateException {
        Stored stored = content.all.get(number);
        if (stored == null || stored.revoked() != null || names.stream().noneMatch(stored.certificate()::covers)) {
            throw new CertificateException("generation " + number + " is not there, revoked or for other names");
        }
        return stored.certificate();
    }

    @Override
    public int numberOf(Certificate certificate) {
        return content.all.entrySet().stream()
                .filter(one -> one.getValue().revoked() == null
                        && one.getValue().certificate().chain().equals(certificate.chain()))
                .mapToInt(Map.Entry::getKey)
                .findFirst()
                .orElse(0);
    }

    @Override
    public Optional<Certificate> find(String serial) {
        return content.all.descendingMap().values().stream()
                .map(Stored::certificate)
                .filter(one -> one.serialText().equals(serial))
                .findFirst();
    }

    @Override
    public Optional<String> account(int number) {
        return Optional.ofNullable(content.all.get(number)).map(Stored::account);
    }

    @Override
    public String describe(int number) {
        return "generation " + number;
    }

    @Override
    public boolean isThere(int number) {
        return content.all.containsKey(number);
    }

    @Override
    public boolean isRolledBack(int number) {
        Stored stored = content.all.get(number);
        return stored != null && stored.rolledBack();
    }

    @Override
    public Generation store(Certificate certificate, @Nullable OrderEntry order, Instant now) throws IOException {
        fence.require();
        int known = numberOf(certificate);
        int number = known > 0 && known == content.newest() ? known : content.newest() + 1;
        content.all.put(number, new Stored(certificate, order == null ? null : order.account(), null, false));
        content.current = number;
        return new Generation(number, certificate);
    }

    @Override
    public Generation rollback(List<String> names, int served, Instant now) throws IOException {
        for (int number : newestFirst()) {
            try {
                if (served == 0 || number < served) {
                    Certificate certificate = read(number, names);
                    if (!certificate.isExpired(now)) {
                        fence.require();
                        content.all.computeIfPresent(
                                served,
                                (key, one) -> new Stored(one.certificate(), one.account(), one.revoked(), true));
                        content.current = number;
                        return new Generation(number, certificate);
                    }
                }
            } catch (CertificateException e) {
                // The one before it is tried.
            }
        }
        throw new IOException("there is no good generation before " + served);
    }

    @Override
    public void revoked(int number, RevocationReason reason) throws IOException {
        fence.require();
        content.all.computeIfPresent(
                number, (key, one) -> new Stored(one.certificate(), one.account(), reason, one.rolledBack()));
    }

    @Override
    public void markRevoked() {}

    @Override
    public Map<Integer, RevocationReason> unmarked() {
        return Map.of();
    }

    @Override
    public void inherit(Generations before) {}

    @Override
    public Optional<String> revokedAfter(int number) {
        Stored newest = content.newest() > number ? content.all.get(content.newest()) : null;
        return newest == null || newest.revoked() == null
                ? Optional.empty()
                : Optional.of(newest.revoked().text());
    }

    @Override
    public void repairCurrent(int served) throws IOException {
        if (!content.all.containsKey(content.current)) {
            fence.require();
            content.current = served;
        }
    }

    @Override
    public void cleanUp(Set<Integer> shown) throws IOException {
        removeOld(shown);
    }

    @Override
    public void removeOld(Set<Integer> shown) throws IOException {
        int before = 0;
        for (int number : newestFirst()) {
            if (number < content.current && ++before >= 3 && !shown.contains(number)) {
                fence.require();
                content.all.remove(number);
            }
        }
    }
}
