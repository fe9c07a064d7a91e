package dev.postern.status;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.postern.app.EdgeLoops;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import dev.postern.wire.ClientNetwork;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who asks most for what. */
class TopTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void nothingIsToldOfWhereNothingWasAsked() {
        JsonObject top = Top.of(List.of(List.of(), List.of()), 1_000_000).json();
        assertThat(top.get("requests").getAsInt()).isZero();
        assertThat(top.getAsJsonArray("paths")).isEmpty();
    }

    @Test
    void pathsAreCountedWithoutTheirQueries() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        var running = edge.startWith(List.of(server.address()), "limits: { connections-per-client: 10 }");
        List<JsonObject> found = new ArrayList<>();
        RawClient client = edge.client();
        for (int i = 0; i < 5; i++) {
            client.get("localhost", "/a?n=" + i);
        }
        client.get("localhost", "/b");
        Awaitility.await().until(() -> {
            JsonObject top = EdgeLoops.asked(running, "top");
            found.add(top);
            return top.get("requests").getAsInt() == 6;
        });
        JsonObject top = found.get(found.size() - 1);
        assertThat(top.getAsJsonArray("paths")
                        .get(0)
                        .getAsJsonObject()
                        .get("name")
                        .getAsString())
                .isEqualTo("localhost/a");
        assertThat(top.getAsJsonArray("paths")
                        .get(0)
                        .getAsJsonObject()
                        .get("requests")
                        .getAsInt())
                .isEqualTo(5);
        assertThat(top.getAsJsonArray("clients")
                        .get(0)
                        .getAsJsonObject()
                        .get("name")
                        .getAsString())
                .isEqualTo("127.0.0.1");
        assertThat(top.getAsJsonArray("sites")).hasSize(1);

        JsonObject connections = EdgeLoops.asked(running, "connections");
        assertThat(connections.getAsJsonArray("clients").toString())
                .isEqualTo("[{\"client\":\"127.0.0.1\",\"open\":1}]");
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.255,192.0.2.255",
        "255.0.0.1,255.0.0.1",
        "2001:db8:1:ff00:1:2:3:4,2001:db8:1:ff00::/64",
        "::1,::/64"
    })
    void clientIsCalledByItsAddressOrNetwork(String address, String text) throws Exception {
        assertThat(ClientNetwork.text(ClientNetwork.of(InetAddress.getByName(address))))
                .isEqualTo(text);
    }
}
