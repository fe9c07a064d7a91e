package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.http.Failure.ByClient;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Whatever is done to a stream of requests: it is read in one way only, the same in whatever pieces it comes, and never in
 * another than {@link ReferenceReader} reads it. {@code -Dpostern.fuzz.rounds=N} for more, {@code -Dpostern.fuzz.seed=S}
 * for others.
 */
class RequestReadingTest {
    private static final int ROUNDS = Integer.getInteger("postern.fuzz.rounds", 5_000);
    private static final int SEED = Integer.getInteger("postern.fuzz.seed", 1);

    @Test
    void goodStreamIsReadByBothToItsEnd() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        Mutations mutations = new Mutations(random);
        for (int round = 0; round < ROUNDS / 20; round++) {
            byte[] bytes = mutations.stream().getBytes(StandardCharsets.ISO_8859_1);
            ReferenceReader reference = ReferenceReader.of(bytes);

            Reading reading = Reading.of(bytes, bytes.length);

            assertThat(reference.end()).isEqualTo(ReferenceReader.End.BETWEEN);
            assertThat(reading.refused).as(shown(bytes)).isNull();
            assertThat(reading.messages).as(shown(bytes)).isEqualTo(reference.messages());
        }
    }

    @Test
    void woundedStreamIsNeverReadInTwoWays() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        Mutations mutations = new Mutations(random);
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes = mutations.wounded(mutations.stream());
            ReferenceReader reference = ReferenceReader.of(bytes);
            String shown = "round " + round + ": " + shown(bytes);

            Reading whole = Reading.of(bytes, bytes.length);
            Reading cut = Reading.of(bytes, mutations.cut(bytes.length));

            assertThat(cut.messages).as(shown).isEqualTo(whole.messages);
            // A head that comes in pieces is looked at again when its end is there, or the time is up.
            assertThat(cut.refused != null || cut.waits).as(shown).isEqualTo(whole.refused != null || whole.waits);
            int read = whole.messages.size();
            assertThat(read).as(shown).isLessThanOrEqualTo(reference.messages().size());
            assertThat(whole.messages).as(shown).isEqualTo(reference.messages().subList(0, read));
            if (whole.refused == null) {
                // Nothing that means nothing is waited for, and nothing that is complete.
                assertThat(read).as(shown).isEqualTo(reference.messages().size());
            } else {
                refused++;
            }
        }
        assertThat(refused).as("refused").isBetween(ROUNDS / 4, ROUNDS);
    }

    private static String shown(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1)
                .replace("\r", "\\r")
                .replace("\n", "\\n")
                .replace("\0", "\\0");
    }

    /** What the edge makes of it. */
    private static final class Reading implements MessageDecoder.Receiver {
        private final HeadParser parser = new HeadParser(8192, 100);
        private final MessageDecoder decoder =
                new MessageDecoder(this, new HeadSpace(parser, 16 * 1024), ByClient.MALFORMED, ByClient.HEAD_TOO_LARGE);
        private final List<ReferenceReader.Message> messages = new ArrayList<>();
        private final StringBuilder body = new StringBuilder();
        private @Nullable RequestHead head;
        private @Nullable BadMessage refused;
        private boolean waits;
        private boolean inMessage;

        static Reading of(byte[] bytes, int cut) {
            Reading reading = new Reading();
            try {
                reading.feed(Arrays.copyOfRange(bytes, 0, cut));
                reading.feed(Arrays.copyOfRange(bytes, cut, bytes.length));
            } catch (BadMessage e) {
                reading.refused = e;
            }
            reading.waits = reading.decoder.holdsBytes() || reading.inMessage;
            reading.decoder.close();
            return reading;
        }

        private void feed(byte[] bytes) throws BadMessage {
            decoder.decode(UnpooledByteBufAllocator.DEFAULT, Unpooled.copiedBuffer(bytes));
        }

        @Override
        public boolean readyForHead() {
            return true;
        }

        @Override
        public int head(byte[] bytes, int to) throws BadMessage {
            RequestHead parsed = parser.request(bytes, to);
            if (parsed == null) {
                return -1;
            }
            head = parsed;
            return parsed.fields().bytes().length;
        }

        @Override
        public long begin() {
            body.setLength(0);
            inMessage = true;
            return Objects.requireNonNull(head).contentLength();
        }

        @Override
        public void body(ByteBuf part) {
            body.append(part.toString(StandardCharsets.ISO_8859_1));
            part.release();
        }

        @Override
        public void end(@Nullable Fields trailers) throws BadMessage {
            inMessage = false;
            RequestHead ended = Objects.requireNonNull(head);
            List<String> names = new ArrayList<>();
            for (int i = 0; trailers != null && i < trailers.count(); i++) {
                names.add(
                        trailers.text(trailers.nameFrom(i), trailers.nameTo(i)).toLowerCase(Locale.ROOT));
            }
            byte[] line = ended.fields().bytes();
            String text = new String(line, StandardCharsets.ISO_8859_1).strip();
            String[] words = text.substring(0, text.indexOf("\r\n")).split(" ", -1);
            messages.add(new ReferenceReader.Message(words[0], words[1], body.toString(), names));
        }
    }
}
