package dev.postern.http.message;

import dev.postern.config.Limits;

/**
 * What heads are read and written with on one event loop, shared by all of its connections: nothing is kept here from one
 * call to the next. Event loop only.
 */
public final class Heads {
    private final HeadWriter writer = new HeadWriter();
    private final HeadWriter block = new HeadWriter();
    private final RawFields raw = new RawFields();
    private final HeadParser parser;
    private final HeadSpace requests;
    private final HeadSpace responses;

    private final HttpDate date;

    public Heads(Limits limits, HttpDate date) {
        this.date = date;
        this.parser = new HeadParser(limits.requestLine(), limits.headers());
        this.requests = new HeadSpace(parser, limits.head());
        this.responses = new HeadSpace(parser, longestResponse(limits));
    }

    /** Servers are ours: they may be twice as talkative (RFC 9110 sets no limit; others allow 16 to 60 KiB). */
    private static int longestResponse(Limits limits) {
        return 2 * limits.head();
    }

    /** From now on heads are to keep within these. */
    public void follow(Limits limits) {
        parser.limits(limits.requestLine(), limits.headers());
        requests.longest(limits.head());
        responses.longest(longestResponse(limits));
    }

    public HeadWriter writer() {
        return writer;
    }

    /** Where a head is put together as HTTP/2 has it, be it from one in {@link #writer}. */
    public HeadWriter block() {
        return block;
    }

    /** Where the fields of what comes are put together as HTTP/2 has them. */
    public RawFields raw() {
        return raw;
    }

    public HeadParser parser() {
        return parser;
    }

    /** The Date of a response made now. */
    public byte[] date() {
        return date.now();
    }

    /** Where those of clients are put together. */
    public HeadSpace requests() {
        return requests;
    }

    /** Where those of servers are. */
    public HeadSpace responses() {
        return responses;
    }
}
