package dev.postern.config.read;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** YAML as mappings, lists and texts, null for an empty value; all is text, as for the readers. */
public final class Documents {
    // No line is broken, for a text in two lines reads as another one.
    private static final int WIDTH = 1 << 20;

    private Documents() {}

    /** As a file that is read as the same document, by Postern. */
    public static String yaml(Object document) {
        DumpSettings settings = DumpSettings.builder()
                .setSchema(Composer.SCHEMA)
                .setDefaultFlowStyle(FlowStyle.BLOCK)
                .setIndicatorIndent(2)
                .setIndentWithIndicator(true)
                .setSplitLines(false)
                .setDereferenceAliases(true)
                .setWidth(WIDTH)
                .build();
        return new Dump(settings).dumpToString(document);
    }

    static Node node(@Nullable Object document) {
        if (document instanceof Map<?, ?> mapping) {
            List<NodeTuple> entries = new ArrayList<>();
            mapping.forEach((key, value) -> entries.add(new NodeTuple(node(key), node(value))));
            return new MappingNode(Tag.MAP, entries, FlowStyle.BLOCK);
        }
        if (document instanceof List<?> list) {
            return new SequenceNode(Tag.SEQ, list.stream().map(Documents::node).toList(), FlowStyle.BLOCK);
        }
        return document == null
                ? new ScalarNode(Tag.NULL, "", ScalarStyle.PLAIN)
                : new ScalarNode(Tag.STR, document.toString(), ScalarStyle.PLAIN);
    }

    /** @param node without circles */
    static @Nullable Object of(Node node) {
        if (node instanceof MappingNode mapping) {
            Map<String, @Nullable Object> entries = new LinkedHashMap<>();
            mapping.getValue()
                    .forEach(tuple ->
                            entries.put(((ScalarNode) tuple.getKeyNode()).getValue(), of(tuple.getValueNode())));
            return entries;
        }
        if (node instanceof SequenceNode list) {
            List<@Nullable Object> items = new ArrayList<>();
            list.getValue().forEach(item -> items.add(of(item)));
            return items;
        }
        return node.getTag().equals(Tag.NULL) ? null : ((ScalarNode) node).getValue();
    }
}
