package dev.postern.route;

import dev.postern.config.HeaderEdits;
import dev.postern.config.Variable;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is done to the header of a message, ready to be written: fields that go, then fields that come. Immutable. */
public final class FieldEdits {
    public static final FieldEdits NONE = new FieldEdits(HeaderEdits.NONE);

    /** Of fields that go no further: removed, or set anew. */
    private final FieldNames gone;

    private final byte[][] names;
    private final byte[][] lowerNames;
    private final byte[][] values;
    /** Of each value that has variables, else null; null where none has. */
    private final @Nullable FieldTemplate @Nullable [] templates;

    FieldEdits(HeaderEdits edits) {
        this.gone = new FieldNames(Stream.concat(
                        edits.remove().stream(),
                        edits.set().stream().map(field -> field.name().toLowerCase(Locale.ROOT)))
                .toList());
        List<HeaderEdits.Field> come =
                Stream.concat(edits.set().stream(), edits.add().stream()).toList();
        this.names = come.stream().map(field -> bytes(field.name())).toArray(byte[][]::new);
        this.lowerNames = come.stream()
                .map(field -> bytes(field.name().toLowerCase(Locale.ROOT)))
                .toArray(byte[][]::new);
        this.values = come.stream().map(field -> bytes(field.value().text())).toArray(byte[][]::new);
        @Nullable FieldTemplate[] all = come.stream()
                .map(field -> FieldTemplate.of(field.value().text()))
                .toArray(FieldTemplate[]::new);
        this.templates = Stream.of(all).allMatch(Objects::isNull) ? null : all;
    }

    /** These with other values, which have no variables any more. */
    private FieldEdits(FieldEdits same, byte[][] values) {
        this.gone = same.gone;
        this.names = same.names;
        this.lowerNames = same.lowerNames;
        this.values = values;
        this.templates = null;
    }

    /** These for one request, as which its variables are known. */
    public FieldEdits filled(Function<Variable, String> request) {
        if (templates == null) {
            return this;
        }
        byte[][] filled = values.clone();
        for (int i = 0; i < filled.length; i++) {
            FieldTemplate template = templates[i];
            if (template != null) {
                filled[i] = template.filled(request);
            }
        }
        return new FieldEdits(this, filled);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Whether a field, whose name lies in {@code [from, to)}, goes no further. */
    public boolean removes(byte[] b, int from, int to) {
        return gone.contains(b, from, to);
    }

    /** How many fields come. */
    public int count() {
        return names.length;
    }

    /** As in the configuration. Not to be changed, like what the other methods return. */
    public byte[] name(int field) {
        return names[field];
    }

    /** As HTTP/2 has it. */
    public byte[] lowerName(int field) {
        return lowerNames[field];
    }

    public byte[] value(int field) {
        return values[field];
    }
}
