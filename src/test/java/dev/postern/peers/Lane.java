package dev.postern.peers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.postern.testing.RawClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLContext;

/**
 * One way through a proxy: ports of its own in front, a server of its own behind. One case at a time takes it, so that all
 * that arrives is of that case.
 */
final class Lane implements AutoCloseable {
    private final int plainPort;
    private final int tlsPort;
    private final SSLContext trust;
    private final Recorder recorder;
    private final Metronome metronome;

    Lane(int plainPort, int tlsPort, SSLContext trust, Recorder recorder) {
        this.plainPort = plainPort;
        this.tlsPort = tlsPort;
        this.trust = trust;
        this.recorder = recorder;
        this.metronome = new Metronome(plainPort);
    }

    /** What comes of it where everything is sent in one piece. */
    Outcome whole(PeerCase sent) throws IOException {
        return run(sent, Pieces.whole(), Pieces.whole());
    }

    /** What comes of it where the client's bytes are cut in front of that one. */
    Outcome requestCut(PeerCase sent, int offset) throws IOException {
        return run(sent, new Pieces(position -> position == offset, metronome::tick), Pieces.whole());
    }

    /** What comes of it where the server's bytes are cut in front of that one. */
    Outcome answerCut(PeerCase sent, int offset) throws IOException {
        return run(sent, Pieces.whole(), new Pieces(position -> position == offset, metronome::tick));
    }

    Outcome byteByByte(PeerCase sent) throws IOException {
        Metronome second = new Metronome(plainPort);
        try (second) {
            return run(
                    sent,
                    new Pieces(Offsets.eachOf(sent.request()), metronome::tick),
                    new Pieces(Offsets.eachOf(sent.answer()), second::tick));
        }
    }

    private Outcome run(PeerCase sent, Pieces requests, Pieces answers) throws IOException {
        Outcome outcome = new Outcome();
        recorder.begin(sent, answers);
        try (RawClient client = connect(sent.over())) {
            Patience patience = new Patience(client, this::control);
            if (sent.over() == PeerCase.Over.H2) {
                new Http2Talk(client, patience, sent, requests).into(outcome);
            } else {
                new Http1Talk(client, patience, sent, requests).into(outcome);
            }
        } finally {
            seen(sent, recorder.end(), outcome);
        }
        return outcome;
    }

    private RawClient connect(PeerCase.Over over) throws IOException {
        return over == PeerCase.Over.PLAIN
                ? RawClient.plain(plainPort)
                : RawClient.tls(
                        tlsPort,
                        trust,
                        "localhost",
                        offered -> offered.setApplicationProtocols(
                                new String[] {over == PeerCase.Over.H2 ? "h2" : "http/1.1"}));
    }

    /** Returns when all is sent and the proxy, whatever else it is busy with, has answered somebody else. */
    private void control() {
        recorder.awaitSent();
        try (RawClient client = RawClient.plain(plainPort)) {
            client.get("localhost", Recorder.CONTROL);
        }
    }

    private static void seen(PeerCase sent, List<Recorder.Seen> arrived, Outcome outcome) {
        List<Recorder.Seen> seen = new ArrayList<>(arrived);
        if (sent.over() == PeerCase.Over.H2) {
            // Streams have no order.
            seen.sort(Comparator.comparing(Recorder.Seen::line));
        }
        StringBuilder all = new StringBuilder();
        for (Recorder.Seen one : seen) {
            all.append(all.length() == 0 ? "" : "; ").append(one.line().replace(" HTTP/1.1", ""));
            all.append(one.body().isEmpty() ? "" : " " + Notation.printable(one.body()));
        }
        outcome.put(Outcome.REQUESTS, all.toString());
        if (!seen.isEmpty()) {
            Recorder.Seen first = seen.get(0);
            outcome.put("framing", first.framing());
            for (String field : first.fields()) {
                int colon = field.indexOf(':');
                outcome.field(
                        sent,
                        "sent",
                        field.substring(0, Math.max(0, colon)),
                        field.substring(colon + 1).strip());
            }
            if (!first.trailers().isEmpty()) {
                outcome.put("sent trailers", String.join(", ", first.trailers()).toLowerCase(Locale.ROOT));
            }
        }
    }

    @Override
    public void close() {
        metronome.close();
        recorder.close();
    }

    /** Somebody else's connection through the same event loop: what was ready before is read before. */
    private static final class Metronome implements AutoCloseable {
        private static final byte[] TICK =
                ("GET " + Peer.TICK + " HTTP/1.1\r\nHost: localhost\r\n\r\n").getBytes(US_ASCII);

        private final int port;
        private RawClient client;
        private int ticks;

        Metronome(int port) {
            this.port = port;
        }

        void tick() throws IOException {
            if (client == null || ++ticks % 500 == 0) {
                close();
                client = RawClient.plain(port);
            }
            RawClient.Response response = client.send(TICK).response();
            if (response.status() != 204) {
                throw new IOException("tick: " + response);
            }
        }

        @Override
        public void close() {
            if (client != null) {
                client.close();
            }
        }
    }
}
