package dev.postern.http.exchange;

import dev.postern.backend.Server;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.Fields;
import dev.postern.http.message.RequestHead;
import dev.postern.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What a request is part of, beyond us: <a href="https://www.w3.org/TR/trace-context/">W3C Trace Context</a>. It has a span of
 * ours, and one for each time that it is tried with a server, whose id the server is told. Event loop only, until the exchange is over.
 */
public final class Trace {
    /** {@code 00-<32>-<16>-<2>}; a later version may go on. */
    private static final int LENGTH = 55;

    /** What everybody passes on at least, §3.3.1.5. */
    private static final int LONGEST_STATE = 512;

    /** One time that a server was asked. */
    public static final class Try {
        private final long id;
        private final Server server;
        private final long beganNanos;
        private long endNanos;
        private int status;
        private @Nullable Failure failure;

        private Try(long id, Server server, long nowNanos) {
            this.id = id;
            this.server = server;
            this.beganNanos = nowNanos;
            this.endNanos = nowNanos;
        }

        public String id() {
            return hex(id);
        }

        public Server server() {
            return server;
        }

        public long beganNanos() {
            return beganNanos;
        }

        public long endNanos() {
            return endNanos;
        }

        /** That it has answered; 0 where it has not. */
        public int status() {
            return status;
        }

        public @Nullable Failure failure() {
            return failure;
        }
    }

    private final RandomGenerator random;
    private final long high;
    private final long low;
    private final long parent;
    private final long id;
    private final boolean sampled;
    private final @Nullable String state;
    private List<Try> tries = List.of();

    private Trace(RandomGenerator random, long high, long low, long parent, boolean sampled, @Nullable String state) {
        this.random = random;
        this.high = high;
        this.low = low;
        this.parent = parent;
        this.id = id(random);
        this.sampled = sampled;
        this.state = state;
    }

    private static long id(RandomGenerator random) {
        long id = random.nextLong();
        return id == 0 ? 1 : id;
    }

    /**
     * That of a request: where whoever sent it may say so the one it is part of, which then also says whether it is told; else
     * a new one.
     *
     * @param believed whether what the request says counts
     */
    public static Trace of(RequestHead head, boolean believed, Sampling how) {
        RandomGenerator random = how.random();
        Trace continued = believed ? continued(head.fields(), random) : null;
        return continued != null
                ? continued
                : new Trace(random, id(random), id(random), 0, random.nextInt(1000) < how.perMille(), null);
    }

    /** Null where there is none, or more than one, or it is malformed: then it is as if there were none (§3.2.3, §4.3). */
    private static @Nullable Trace continued(Fields fields, RandomGenerator random) {
        int field = fields.find(FieldName.TRACEPARENT);
        if (field < 0) {
            return null;
        }
        for (int i = field + 1; i < fields.count(); i++) {
            if (fields.name(i) == FieldName.TRACEPARENT) {
                return null;
            }
        }
        byte[] b = fields.bytes();
        int from = fields.valueFrom(field);
        int length = fields.valueTo(field) - from;
        boolean known = length >= 2 && b[from] == '0' && b[from + 1] == '0';
        if (length < LENGTH
                || (known && length > LENGTH)
                || (length > LENGTH && b[from + LENGTH] != '-')
                || !isHex(b, from, 2)
                || (b[from] == 'f' && b[from + 1] == 'f')
                || b[from + 2] != '-'
                || !isHex(b, from + 3, 32)
                || b[from + 35] != '-'
                || !isHex(b, from + 36, 16)
                || b[from + 52] != '-'
                || !isHex(b, from + 53, 2)) {
            return null;
        }
        long high = number(b, from + 3, 16);
        long low = number(b, from + 19, 16);
        long parent = number(b, from + 36, 16);
        if ((high | low) == 0 || parent == 0) {
            return null;
        }
        boolean sampled = (number(b, from + 53, 2) & 1) == 1;
        return new Trace(random, high, low, parent, sampled, state(fields));
    }

    private static @Nullable String state(Fields fields) {
        StringBuilder state = new StringBuilder();
        for (int i = 0; i < fields.count(); i++) {
            if (fields.name(i) == FieldName.TRACESTATE && fields.valueFrom(i) < fields.valueTo(i)) {
                state.append(state.isEmpty() ? "" : ",").append(fields.value(i));
            }
        }
        return state.isEmpty() || state.length() > LONGEST_STATE ? null : state.toString();
    }

    /** Lower case only, §3.2.2. */
    private static boolean isHex(byte[] b, int from, int count) {
        for (int i = from; i < from + count; i++) {
            if (!((b[i] >= '0' && b[i] <= '9') || (b[i] >= 'a' && b[i] <= 'f'))) {
                return false;
            }
        }
        return true;
    }

    private static long number(byte[] b, int from, int count) {
        long number = 0;
        for (int i = from; i < from + count; i++) {
            number = number << 4 | Character.digit(b[i], 16);
        }
        return number;
    }

    // ---- while it goes on

    void tries(Server server, long nowNanos) {
        ends(nowNanos);
        if (tries.isEmpty()) {
            tries = new ArrayList<>(2);
        }
        tries.add(new Try(id(random), server, nowNanos));
    }

    void answered(int status) {
        Try last = last();
        if (last != null) {
            last.status = status;
        }
    }

    /** Of what was not the server's fault nothing is held against it. */
    void failed(Failure why) {
        Try last = last();
        if (last != null && last.failure == null && why.fault() == Failure.Fault.BACKEND) {
            last.failure = why;
        }
    }

    /** The last try is over. */
    void ends(long nowNanos) {
        Try last = last();
        if (last != null && last.endNanos == last.beganNanos) {
            last.endNanos = nowNanos;
        }
    }

    private @Nullable Try last() {
        return tries.isEmpty() ? null : tries.get(tries.size() - 1);
    }

    /** What a server is told: the trace, and as its parent what we do for it now. */
    byte[] traceparent() {
        Try last = last();
        return ("00-" + traceId() + "-" + hex(last == null ? id : last.id) + (sampled ? "-01" : "-00"))
                .getBytes(StandardCharsets.US_ASCII);
    }

    // ---- for whoever tells of it

    /** 32 hexadecimal digits. */
    public String traceId() {
        return hex(high) + hex(low);
    }

    /** Of our own span, 16 hexadecimal digits. */
    public String spanId() {
        return hex(id);
    }

    /** That of the span it is part of; empty where it begins here. */
    public String parentId() {
        return parent == 0 ? "" : hex(parent);
    }

    /** Whether it is told of. */
    public boolean isSampled() {
        return sampled;
    }

    /** What others say of it to others; null where that is nothing. */
    public @Nullable String state() {
        return state;
    }

    /** In the order in which they were made. */
    public List<Try> tries() {
        return tries;
    }

    private static String hex(long number) {
        String digits = Long.toHexString(number);
        return "0000000000000000".substring(digits.length()) + digits;
    }
}
