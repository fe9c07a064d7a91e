package dev.postern.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text format of Prometheus, version 0.0.4, read strictly: what `promtool check metrics` would say no to fails here.
 * <a href="https://prometheus.io/docs/instrumenting/exposition_formats/">Exposition formats</a>.
 */
final class Exposition {
    private static final Pattern COMMENT =
            Pattern.compile("# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\\\\n]|\\\\\\\\|\\\\n)+)");
    private static final Pattern SAMPLE = Pattern.compile(
            "([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{(?:[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\n]|\\\\[\"\\\\n])*\",?)+})? (\\S+)");

    private final Map<String, Double> samples = new LinkedHashMap<>();

    static Exposition parse(String text) {
        Exposition read = new Exposition();
        assertThat(text).as("the last line ends").endsWith("\n");
        Map<String, String> types = new HashMap<>();
        Map<String, String> helps = new HashMap<>();
        Set<String> closed = new HashSet<>();
        String family = "";
        for (String line : text.split("\n", 0)) {
            Matcher comment = COMMENT.matcher(line);
            if (comment.matches()) {
                String name = comment.group(2);
                if (!name.equals(family)) {
                    assertThat(closed.add(family)).as("one place for " + family).isTrue();
                    family = name;
                    assertThat(closed).as("one place for each family").doesNotContain(name);
                }
                Map<String, String> kind = comment.group(1).equals("TYPE") ? types : helps;
                assertThat(kind.put(name, comment.group(3))).as(line).isNull();
                continue;
            }
            Matcher sample = SAMPLE.matcher(line);
            assertThat(sample.matches()).as(line).isTrue();
            String name = sample.group(1);
            String type = types.getOrDefault(family, "none");
            assertThat(type).as("type before " + line).isIn("counter", "gauge", "histogram", "summary");
            assertThat(helps).as("help for " + family).containsKey(family);
            assertThat(name).as(line).isIn(names(family, type));
            String key = sorted(name + (sample.group(2) == null ? "" : sample.group(2)));
            String value = sample.group(3);
            double number = value.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(value);
            assertThat(read.samples.put(key, number)).as("once: " + key).isNull();
            if (type.equals("counter")) {
                assertThat(name).as(line).endsWith("_total");
                assertThat(number).as(line).isNotNegative();
            }
        }
        types.forEach((name, type) -> {
            if (type.equals("histogram")) {
                read.checkHistogram(name);
            }
        });
        return read;
    }

    private static List<String> names(String family, String type) {
        return switch (type) {
            case "histogram" -> List.of(family + "_bucket", family + "_sum", family + "_count");
            case "summary" -> List.of(family, family + "_sum", family + "_count");
            default -> List.of(family);
        };
    }

    /** Buckets only grow, and the last one is the count. */
    private void checkHistogram(String name) {
        Map<String, List<Double>> bySeries = new LinkedHashMap<>();
        samples.forEach((key, value) -> {
            if (key.startsWith(name + "_bucket{")) {
                String series = key.replaceAll("(?<=[{,])le=\"[^\"]*\",?", "")
                        .replace(",}", "}")
                        .replace("_bucket", "")
                        .replace("{}", "");
                bySeries.computeIfAbsent(series, s -> new ArrayList<>()).add(value);
            }
        });
        assertThat(bySeries).as(name).isNotEmpty();
        bySeries.forEach((series, buckets) -> {
            assertThat(buckets).as(series).isSorted();
            String count = series.contains("{") ? series.replace("{", "_count{") : series + "_count";
            assertThat(value(count)).as(count).isEqualTo(buckets.get(buckets.size() - 1));
        });
    }

    /** The order of labels means nothing. */
    private static String sorted(String sample) {
        int open = sample.indexOf('{');
        if (open < 0) {
            return sample;
        }
        String[] labels = sample.substring(open + 1, sample.length() - 1).split("(?<=\"),", -1);
        java.util.Arrays.sort(labels);
        return sample.substring(0, open + 1) + String.join(",", labels) + "}";
    }

    /** Of one sample, as it is written; NaN where there is none. */
    double value(String sample) {
        return samples.getOrDefault(sorted(sample), Double.NaN);
    }

    int size() {
        return samples.size();
    }
}
