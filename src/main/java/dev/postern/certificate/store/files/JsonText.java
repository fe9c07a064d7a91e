package dev.postern.certificate.store.files;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;

/** How the files of the store are written that an operator may want to read. */
final class JsonText {
    private JsonText() {}

    /** Indented, with a line feed at its end. */
    static String of(JsonObject json) {
        return new GsonBuilder().setPrettyPrinting().create().toJson(json) + "\n";
    }
}
