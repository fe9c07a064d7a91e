package dev.postern.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is done to the header of a message on its way.
 *
 * @param set takes the place of all fields of that name
 * @param add comes behind those that there are
 * @param remove lower-case names
 */
public record HeaderEdits(List<Field> set, List<Field> add, List<String> remove) {
    public static final HeaderEdits NONE = new HeaderEdits(List.of(), List.of(), List.of());

    /** @param value many a token goes by a header */
    public record Field(String name, Secret value) implements Listed {
        public Field(String name, String value) {
            this(name, new Secret(value));
        }

        @Override
        public String label() {
            return name;
        }

        String lowerName() {
            return name.toLowerCase(Locale.ROOT);
        }
    }

    /** These, and of {@code others} what concerns other names. */
    public HeaderEdits over(HeaderEdits others) {
        // Not by what every record has to compare itself: that makes code of its own at the first call, at each start.
        if (set.isEmpty() && add.isEmpty() && remove.isEmpty()) {
            return others;
        }
        Set<String> mine = names();
        return new HeaderEdits(
                join(others.set, set, mine),
                join(others.add, add, mine),
                Stream.concat(others.remove.stream().filter(name -> !mine.contains(name)), remove.stream())
                        .toList());
    }

    private Set<String> names() {
        return Stream.concat(
                        remove.stream(),
                        Stream.concat(set.stream(), add.stream()).map(Field::lowerName))
                .collect(Collectors.toSet());
    }

    /** Whether something is done to fields of this name. */
    public boolean concern(String lowerName) {
        return names().contains(lowerName);
    }

    private static List<Field> join(List<Field> others, List<Field> own, Set<String> mine) {
        List<Field> joined = new ArrayList<>(others);
        joined.removeIf(field -> mine.contains(field.lowerName()));
        joined.addAll(own);
        return List.copyOf(joined);
    }
}
