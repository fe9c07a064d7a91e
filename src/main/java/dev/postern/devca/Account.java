package dev.postern.devca;

import com.google.gson.JsonObject;
import java.util.List;

/** Who orders, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.1.2">RFC 8555 §7.1.2</a>. Immutable. */
record Account(String id, AccountKey key, List<String> contact, Status status) {
    enum Status {
        VALID,
        DEACTIVATED
    }

    boolean isValid() {
        return status == Status.VALID;
    }

    Account withKey(AccountKey newKey) {
        return new Account(id, newKey, contact, status);
    }

    Account withContact(List<String> newContact) {
        return new Account(id, key, newContact, status);
    }

    Account deactivated() {
        return new Account(id, key, contact, Status.DEACTIVATED);
    }

    JsonObject json(AcmeUrls urls) {
        JsonObject json = new JsonObject();
        json.addProperty("status", isValid() ? "valid" : "deactivated");
        json.add("contact", Json.array(contact));
        json.addProperty("termsOfServiceAgreed", true);
        json.addProperty("orders", urls.orders(this));
        return json;
    }
}
