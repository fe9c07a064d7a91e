package dev.postern.migrate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A backend before it is written, and the key by which two uses of the same servers are told to be one.
 *
 * @param settings key → what it says, but for the servers
 * @param servers each with its address first
 */
public record BackendDraft(Map<String, Value> settings, List<Map<String, String>> servers) {
    public BackendDraft {
        settings = new LinkedHashMap<>(settings);
        servers = new ArrayList<>(servers);
    }

    void write(Mapping at) {
        settings.forEach(at::put);
        for (Map<String, String> server : servers) {
            Mapping item = at.item("servers");
            server.forEach(item::put);
        }
    }
}
