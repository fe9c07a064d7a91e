package dev.postern.acme;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code account.json}: what is remembered of an account, so that the CA need not be asked. */
record AccountRecord(URL url, List<String> contacts, JsonObject json) {
    private static final String URL = "url";
    private static final String DIRECTORY = "directory";
    private static final String CONTACT = "contact";

    /** Null where it is no account, or one at another CA under the same name in the configuration. */
    static @Nullable AccountRecord of(JsonObject json, URI directory) {
        JsonElement url = json.get(URL);
        JsonElement at = json.get(DIRECTORY);
        try {
            if (url == null || at == null || !at.getAsString().equals(directory.toString())) {
                return null;
            }
            List<String> contacts = new ArrayList<>();
            JsonElement contact = json.get(CONTACT);
            if (contact != null) {
                contact.getAsJsonArray().forEach(one -> contacts.add(one.getAsString()));
            }
            return new AccountRecord(URI.create(url.getAsString()).toURL(), List.copyOf(contacts), json);
        } catch (MalformedURLException
                | IllegalArgumentException
                | IllegalStateException
                | UnsupportedOperationException e) {
            // Damaged: the CA tells the account again when it is asked with the same key.
            return null;
        }
    }

    static AccountRecord of(URL url, URI directory, List<String> contacts) {
        JsonObject json = new JsonObject();
        json.addProperty(URL, url.toString());
        json.addProperty(DIRECTORY, directory.toString());
        return new AccountRecord(url, List.of(), json).with(contacts);
    }

    AccountRecord with(List<String> contacts) {
        JsonObject changed = json.deepCopy();
        JsonArray array = new JsonArray();
        contacts.forEach(array::add);
        changed.add(CONTACT, array);
        return new AccountRecord(url, List.copyOf(contacts), changed);
    }
}
