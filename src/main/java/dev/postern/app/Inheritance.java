package dev.postern.app;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.postern.listener.DescriptorInbox;
import dev.postern.listener.GivenSockets;
import dev.postern.listener.Listener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a process begins with that was there before it: sockets that listen already, of systemd or of the Postern that it
 * replaces; and from that one the keys of session tickets, which are secret.
 *
 * @param ticketKeys by listener, the newest first; none but from a predecessor
 * @param ticketKeyAge since the newest were made
 * @param replaces whether a predecessor serves until this process is ready
 */
record Inheritance(
        GivenSockets sockets, Map<String, List<byte[]>> ticketKeys, Duration ticketKeyAge, boolean replaces) {
    static Inheritance none() {
        return of(GivenSockets.none());
    }

    /** Sockets alone. */
    static Inheritance of(GivenSockets sockets) {
        return new Inheritance(sockets, Map.of(), Duration.ZERO, false);
    }

    List<byte[]> ticketKeys(String listener) {
        return ticketKeys.getOrDefault(listener, List.of());
    }

    /**
     * Leaves them to another process: sends it the sockets, which stay ours as well. Blocks.
     *
     * @param inbox as {@link DescriptorInbox#name}
     * @return what it has to know of them, in the order in which they were sent, and the keys
     */
    static JsonObject send(String inbox, Stream<Listener> listeners, TicketKeyLife ticketKeys) throws IOException {
        List<GivenSockets.Given> sockets =
                listeners.flatMap(listener -> listener.sockets().stream()).toList();
        DescriptorInbox.send(
                inbox, sockets.stream().map(GivenSockets.Given::descriptor).toList());
        return json(sockets, ticketKeys.all(), ticketKeys.age());
    }

    private static JsonObject json(
            List<GivenSockets.Given> sockets, Map<String, List<byte[]>> ticketKeys, Duration age) {
        JsonArray listening = new JsonArray();
        for (GivenSockets.Given socket : sockets) {
            JsonObject one = new JsonObject();
            one.addProperty("listener", socket.listener());
            one.addProperty("bind", socket.bind());
            one.addProperty("address", socket.address().getAddress().getHostAddress());
            one.addProperty("port", socket.address().getPort());
            listening.add(one);
        }
        JsonObject keys = new JsonObject();
        ticketKeys.forEach((listener, own) -> {
            JsonArray texts = new JsonArray();
            own.forEach(key -> texts.add(Base64.getEncoder().encodeToString(key)));
            keys.add(listener, texts);
        });
        JsonObject json = new JsonObject();
        json.add("sockets", listening);
        json.add("ticket-keys", keys);
        json.addProperty("ticket-key-age", age.toSeconds());
        return json;
    }

    /** How many descriptors come with it. */
    static int sockets(JsonObject json) {
        return json.getAsJsonArray("sockets").size();
    }

    /**
     * @param json of a predecessor
     * @param descriptors of its sockets
     */
    static Inheritance of(JsonObject json, List<Integer> descriptors) throws UnknownHostException {
        List<GivenSockets.Given> sockets = new ArrayList<>();
        for (JsonElement element : json.getAsJsonArray("sockets")) {
            JsonObject one = element.getAsJsonObject();
            // An address, so that nobody is asked.
            InetAddress address = InetAddress.getByName(one.get("address").getAsString());
            sockets.add(new GivenSockets.Given(
                    one.get("listener").getAsString(),
                    one.get("bind").getAsString(),
                    new InetSocketAddress(address, one.get("port").getAsInt()),
                    descriptors.get(sockets.size())));
        }
        Map<String, List<byte[]>> keys = new LinkedHashMap<>();
        json.getAsJsonObject("ticket-keys").entrySet().forEach(entry -> {
            List<byte[]> own = new ArrayList<>();
            entry.getValue()
                    .getAsJsonArray()
                    .forEach(text -> own.add(Base64.getDecoder().decode(text.getAsString())));
            keys.put(entry.getKey(), List.copyOf(own));
        });
        return new Inheritance(
                GivenSockets.of(sockets),
                Map.copyOf(keys),
                Duration.ofSeconds(json.get("ticket-key-age").getAsLong()),
                true);
    }
}
