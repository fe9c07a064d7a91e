package dev.postern.ca.acme;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who orders, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.1.2">RFC 8555 §7.1.2</a>. Immutable.
 *
 * @param terms the edition of the terms that was agreed to
 * @param externalBinding the request that bound it to {@code externalKeyId}, as it was sent; null where none did
 */
record Account(
        String id,
        AccountKey key,
        List<String> contact,
        Status status,
        int terms,
        @Nullable String externalKeyId,
        @Nullable String externalBinding) {
    enum Status {
        VALID,
        DEACTIVATED
    }

    boolean isValid() {
        return status == Status.VALID;
    }

    Account withKey(AccountKey newKey) {
        return new Account(id, newKey, contact, status, terms, externalKeyId, externalBinding);
    }

    Account withContact(List<String> newContact) {
        return new Account(id, key, newContact, status, terms, externalKeyId, externalBinding);
    }

    Account deactivated() {
        return new Account(id, key, contact, Status.DEACTIVATED, terms, externalKeyId, externalBinding);
    }

    Account agreedTo(int edition) {
        return new Account(id, key, contact, status, edition, externalKeyId, externalBinding);
    }

    JsonObject json(AcmeUrls urls) {
        JsonObject json = new JsonObject();
        json.addProperty("status", isValid() ? "valid" : "deactivated");
        json.add("contact", Json.array(contact));
        json.addProperty("termsOfServiceAgreed", true);
        json.addProperty("orders", urls.orders(this));
        if (externalBinding != null) {
            json.add("externalAccountBinding", JsonParser.parseString(externalBinding));
        }
        return json;
    }
}
