package dev.postern.backend;

import dev.postern.config.Dialogue;
import dev.postern.machine.MachineErrors;
import dev.postern.wire.Closed;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A health check that holds a {@link Dialogue} with the server. On the event loop. */
final class Conversation extends ChannelInboundHandlerAdapter {
    /** What a step may hear before it is clear that it will not hear what it waits for. */
    private static final int LONGEST = 16 * 1024;

    /** Of what was heard, in a message. */
    private static final int SHOWN = 40;

    private final List<Dialogue.Step> steps;
    private final Verdict verdict;
    private final StringBuilder heard = new StringBuilder();
    private int at;

    Conversation(Dialogue dialogue, Verdict verdict) {
        this.steps = dialogue.steps();
        this.verdict = verdict;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        goesOn(ctx);
    }

    /** Says what is next to be said; the end of it, where nothing is to be heard any more. */
    private void goesOn(ChannelHandlerContext ctx) {
        while (at < steps.size()) {
            Dialogue.Step step = steps.get(at);
            if (!step.send().isEmpty()) {
                write(ctx, Unpooled.copiedBuffer(step.send(), StandardCharsets.ISO_8859_1));
            }
            if (!step.expect().isEmpty()) {
                return;
            }
            at++;
        }
        verdict.finish(ctx.channel(), null);
    }

    private static void write(ChannelHandlerContext ctx, ByteBuf bytes) {
        ctx.writeAndFlush(bytes).addListener(Closed.OBSERVED);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            heard.append(bytes.toString(StandardCharsets.ISO_8859_1));
        } finally {
            bytes.release();
        }
        if (at < steps.size()) {
            hear(ctx, steps.get(at));
        }
    }

    private void hear(ChannelHandlerContext ctx, Dialogue.Step step) {
        int from = step.at() == Dialogue.REPLY ? lastLine() : Math.max(0, step.at());
        if (from < 0) {
            // Of a reply, its end has not come.
            tooLong(ctx, step);
            return;
        }
        boolean mayStillCome = false;
        for (String expected : step.expect()) {
            boolean anywhere = step.at() == Dialogue.ANYWHERE;
            if (anywhere ? heard.indexOf(expected) >= 0 : is(expected, from)) {
                heard.setLength(0);
                at++;
                goesOn(ctx);
                return;
            }
            mayStillCome |= anywhere || heard.length() < from + expected.length();
        }
        if (mayStillCome) {
            tooLong(ctx, step);
        } else {
            fails(ctx, step);
        }
    }

    private void tooLong(ChannelHandlerContext ctx, Dialogue.Step step) {
        if (heard.length() > LONGEST) {
            fails(ctx, step);
        }
    }

    private void fails(ChannelHandlerContext ctx, Dialogue.Step step) {
        verdict.finish(ctx.channel(), "health check: answered " + shown(heard) + " (expected: " + expected(step) + ")");
    }

    /** Where the last line of a reply begins; -1 where it is not complete. */
    private int lastLine() {
        int from = 0;
        for (int end = heard.indexOf("\n"); end >= 0; end = heard.indexOf("\n", from)) {
            if (end - from < 4 || heard.charAt(from + 3) != '-') {
                return from;
            }
            from = end + 1;
        }
        return -1;
    }

    private boolean is(String expected, int from) {
        return heard.length() >= from + expected.length()
                && heard.substring(from, from + expected.length()).equals(expected);
    }

    private static String expected(Dialogue.Step step) {
        return String.join(
                " or ", step.expect().stream().map(Conversation::shown).toList());
    }

    /** Its beginning, legible whatever it is. */
    private static String shown(CharSequence text) {
        StringBuilder shown = new StringBuilder("\"");
        for (int i = 0; i < Math.min(text.length(), SHOWN); i++) {
            char c = text.charAt(i);
            if (c == '\r') {
                shown.append("\\r");
            } else if (c == '\n') {
                shown.append("\\n");
            } else if (c < ' ' || c > '~' || c == '"') {
                shown.append(String.format("\\x%02x", (int) c));
            } else {
                shown.append(c);
            }
        }
        return shown.append(text.length() > SHOWN ? "…\"" : "\"").toString();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closed(ctx.channel());
    }

    private void closed(Channel channel) {
        verdict.finish(
                channel,
                "health check: connection closed"
                        + (heard.isEmpty() ? " without an answer" : " after " + shown(heard)));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        MachineErrors.check(cause);
        verdict.finish(ctx.channel(), "health check: " + cause.getMessage());
    }
}
