package dev.postern.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import dev.postern.config.PlainText;
import java.io.FilterWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;

/** Where commands write: answers to {@code out}, complaints to {@code err}. Both flush at the end of a line. */
record Console(PrintWriter out, PrintWriter err) {
    private static final Gson JSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    /** The same for text that others had a hand in: nothing in it moves the cursor, or looks like a line of ours. */
    Console plain() {
        return new Console(plain(out), plain(err));
    }

    /** One document, for programs. */
    void print(JsonObject document) {
        out.println(JSON.toJson(document));
    }

    private static PrintWriter plain(PrintWriter to) {
        return new PrintWriter(new Plain(to), true);
    }

    private static final class Plain extends FilterWriter {
        Plain(Writer to) {
            super(to);
        }

        @Override
        public void write(int c) throws IOException {
            out.write(PlainText.lines(Character.toString((char) c)));
        }

        @Override
        public void write(char[] text, int from, int length) throws IOException {
            out.write(PlainText.lines(new String(text, from, length)));
        }

        @Override
        public void write(String text, int from, int length) throws IOException {
            out.write(PlainText.lines(text.substring(from, from + length)));
        }
    }
}
