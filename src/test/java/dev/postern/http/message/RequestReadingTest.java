package dev.postern.http.message;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.http.Mutations;
import dev.postern.http.ReferenceReader;
import dev.postern.wire.Failure.ByClient;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.statistics.Statistics;
import net.jqwik.api.statistics.StatisticsReport;
import org.jspecify.annotations.Nullable;

/**
 * Whatever is done to a stream of requests: it is read in one way only, the same in whatever pieces it comes, and never in
 * another than {@link ReferenceReader} reads it.
 */
class RequestReadingTest {
    @Property(edgeCases = EdgeCasesMode.NONE)
    void goodStreamIsReadByBothToItsEndInWhateverPieces(
            @ForAll("streams") String stream,
            @ForAll @Size(max = 12) List<@IntRange(min = 1, max = 100) Integer> pieces) {
        byte[] bytes = stream.getBytes(StandardCharsets.ISO_8859_1);
        ReferenceReader reference = ReferenceReader.of(bytes);

        Reading reading = Reading.of(bytes, pieces);

        assertThat(reference.end()).isEqualTo(ReferenceReader.End.BETWEEN);
        assertThat(reading.refused).isNull();
        assertThat(reading.messages).isEqualTo(reference.messages());
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    @StatisticsReport(StatisticsReport.StatisticsReportMode.OFF)
    void woundedStreamIsNeverReadInTwoWays(
            @ForAll("streams") String stream,
            @ForAll("wounds") List<Mutations.Wound> wounds,
            @ForAll @Size(max = 12) List<@IntRange(min = 1, max = 100) Integer> pieces) {
        byte[] bytes = stream.getBytes(StandardCharsets.ISO_8859_1);
        for (Mutations.Wound wound : wounds) {
            bytes = wound.in(bytes);
        }
        ReferenceReader reference = ReferenceReader.of(bytes);
        String shown = shown(bytes);

        Reading whole = Reading.of(bytes, List.of());
        Reading cut = Reading.of(bytes, pieces);

        assertThat(cut.messages).as(shown).isEqualTo(whole.messages);
        // A head that comes in pieces is looked at again when its end is there, or the time is up.
        assertThat(cut.refused != null || cut.waits).as(shown).isEqualTo(whole.refused != null || whole.waits);
        int read = whole.messages.size();
        assertThat(read).as(shown).isLessThanOrEqualTo(reference.messages().size());
        assertThat(whole.messages).as(shown).isEqualTo(reference.messages().subList(0, read));
        boolean refused = whole.refused != null;
        if (!refused) {
            // Nothing that means nothing is waited for, and nothing that is complete.
            assertThat(read).as(shown).isEqualTo(reference.messages().size());
        }
        Statistics.collect(refused);
        Statistics.coverage(seen -> seen.check(true).percentage(share -> share > 25));
    }

    @Provide
    Arbitrary<String> streams() {
        Arbitrary<Integer> forms = Arbitraries.integers().between(0, Mutations.FORMS - 1);
        Arbitrary<Integer> lengths = Arbitraries.integers().between(0, 19);
        return Combinators.combine(forms, lengths)
                .as((form, length) -> new int[] {form, length})
                .list()
                .ofMinSize(1)
                .ofMaxSize(4)
                .map(requests -> IntStream.range(0, requests.size())
                        .mapToObj(i -> Mutations.request(i, requests.get(i)[0], requests.get(i)[1]))
                        .collect(Collectors.joining()));
    }

    @Provide
    Arbitrary<List<Mutations.Wound>> wounds() {
        return Combinators.combine(
                        Arbitraries.of(Mutations.Kind.class),
                        Arbitraries.integers().between(0, 500).withDistribution(RandomDistribution.uniform()),
                        Arbitraries.integers().between(1, 8),
                        Arbitraries.of(Mutations.WORDS))
                .as(Mutations.Wound::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(3);
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

        /** In pieces of these sizes, and what is left. */
        static Reading of(byte[] bytes, List<Integer> pieces) {
            Reading reading = new Reading();
            try {
                int at = 0;
                for (int piece : pieces) {
                    int to = Math.min(bytes.length, at + piece);
                    reading.feed(Arrays.copyOfRange(bytes, at, to));
                    at = to;
                }
                reading.feed(Arrays.copyOfRange(bytes, at, bytes.length));
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
