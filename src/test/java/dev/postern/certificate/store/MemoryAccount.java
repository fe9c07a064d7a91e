package dev.postern.certificate.store;

import com.google.gson.JsonObject;
import java.security.PrivateKey;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One account of a {@link MemoryStore}, as one of its holders sees it. */
final class MemoryAccount implements AccountStore {
    /** What the holders share. */
    static final class Content {
        private @Nullable PrivateKey key;
        private @Nullable PrivateKey next;
        private @Nullable JsonObject account;
        private @Nullable JsonObject ledger;
    }

    private final String subject;
    private final MemoryStore holder;
    private final Content content;

    MemoryAccount(String issuer, MemoryStore holder, Content content) {
        this.subject = "account " + issuer;
        this.holder = holder;
        this.content = content;
    }

    @Override
    public Lease lead() throws NotLeader {
        return holder.lead(subject);
    }

    @Override
    public String describe() {
        return holder.describe() + ": " + subject;
    }

    @Override
    public Optional<PrivateKey> readKey() {
        return Optional.ofNullable(content.key);
    }

    @Override
    public Optional<PrivateKey> readNextKey() {
        return Optional.ofNullable(content.next);
    }

    @Override
    public void writeKey(PrivateKey key) throws NotLeader {
        holder.writes(subject);
        content.key = key;
    }

    @Override
    public void writeNextKey(PrivateKey key) throws NotLeader {
        holder.writes(subject);
        content.next = key;
    }

    @Override
    public void adoptNextKey() throws NotLeader {
        holder.writes(subject);
        content.key = content.next;
        content.next = null;
    }

    @Override
    public void replaceKey(PrivateKey next) throws NotLeader {
        writeNextKey(next);
        adoptNextKey();
    }

    @Override
    public void dropNextKey() throws NotLeader {
        holder.writes(subject);
        content.next = null;
    }

    @Override
    public Optional<JsonObject> readAccount() {
        return Optional.ofNullable(content.account).map(JsonObject::deepCopy);
    }

    @Override
    public void writeAccount(JsonObject account) throws NotLeader {
        holder.writes(subject);
        content.account = account.deepCopy();
    }

    @Override
    public Optional<JsonObject> readLedger() {
        return Optional.ofNullable(content.ledger).map(JsonObject::deepCopy);
    }

    @Override
    public void writeLedger(JsonObject ledger) throws NotLeader {
        holder.writes(subject);
        content.ledger = ledger.deepCopy();
    }
}
