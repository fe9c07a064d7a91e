package dev.postern.config.read;

import dev.postern.config.AddressRange;
import dev.postern.config.BindAddress;
import dev.postern.config.Configuration;
import dev.postern.config.Configuration.Route;
import dev.postern.config.Durations;
import dev.postern.config.InFile;
import dev.postern.config.Listed;
import dev.postern.config.RouteSettings;
import dev.postern.config.Secret;
import dev.postern.config.Site;
import dev.postern.config.Sizes;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What differs between two configurations, in the words of the file and for the eyes of an operator: {@code sites: +
 * new.example.com, - old.example.com}, {@code timeouts.response 60s → 30s}.
 *
 * <p>Compares what the files mean, not what they say: the same in other words is no change, nor is what a route has from
 * its site. Walks the records as they are, so that a key that is added is compared without a word here; what the file calls a
 * component otherwise stands at that ({@link InFile}). What was read as a {@link Secret}, or is long, is called changed and not
 * shown.
 */
public final class ConfigurationChange {
    /** What the process holds from start to end: a lock, and a file that others look for. */
    private static final Set<String> NEEDS_RESTART = Set.of("acme.store", "control.socket");

    /** As many names of a list as a line has room for. */
    private static final int SHOWN = 10;

    /** A longer text is no name. */
    private static final int LONGEST_VALUE = 80;

    private final List<String> lines = new ArrayList<>();
    private final List<String> afterRestart = new ArrayList<>();

    private ConfigurationChange() {}

    public static ConfigurationChange between(Configuration before, Configuration after) {
        ConfigurationChange change = new ConfigurationChange();
        change.sites(before.sites(), after.sites());
        change.compare("", before, after);
        return change;
    }

    /** What takes effect, a subject each; none where nothing does. */
    public List<String> lines() {
        return List.copyOf(lines);
    }

    /** What takes effect only once the daemon was restarted. */
    public List<String> afterRestart() {
        return List.copyOf(afterRestart);
    }

    /** {@code wanted}, but for what can only change with a restart: that stays as it is in {@code running}. */
    public static Configuration applicable(Configuration wanted, Configuration running) {
        return wanted.withStore(running.acme().store(), running.acme().controlSocket());
    }

    private void add(String path, String change) {
        String key = path.equals("acme.control-socket") ? "control.socket" : path;
        (NEEDS_RESTART.contains(key) ? afterRestart : lines).add(key + change);
    }

    // ---- the two that have names of their own

    private void sites(List<Site> before, List<Site> after) {
        Map<String, Site> old = new LinkedHashMap<>();
        before.forEach(site -> old.put(site.name(), withoutInherited(site)));
        Map<String, Site> now = new LinkedHashMap<>();
        after.forEach(site -> now.put(site.name(), withoutInherited(site)));
        named("site", old, now);
    }

    /** What a route has from its site is told once, of the site. */
    private static Site withoutInherited(Site site) {
        return site.withRoutes(site.routes().stream()
                .map(route -> route.settings().equals(site.settings())
                        ? new Route(route.path(), route.conditions(), route.action(), RouteSettings.DEFAULT)
                        : route)
                .toList());
    }

    private void named(String word, Map<String, ?> before, Map<String, ?> after) {
        String entries = entries(before.keySet(), after.keySet());
        if (!entries.isEmpty()) {
            lines.add(word + "s: " + entries);
        }
        after.forEach((name, value) -> {
            Object old = before.get(name);
            if (old instanceof Record was && value instanceof Record is) {
                List<String> inside = lines(was, is);
                if (!inside.isEmpty()) {
                    lines.add(word + " " + name + ": " + String.join(", ", inside));
                }
            }
        });
    }

    // ---- everything else

    static List<String> lines(Record before, Record after) {
        ConfigurationChange change = new ConfigurationChange();
        change.compare("", before, after);
        return change.lines;
    }

    private void compare(String prefix, Record before, Record after) {
        for (RecordComponent component : after.getClass().getRecordComponents()) {
            Object old = value(before, component);
            Object now = value(after, component);
            String name = key(component);
            String key = prefix.isEmpty() || name.isEmpty() ? prefix + name : prefix + "." + name;
            if (!same(old, now) && !key.equals("sites")) {
                differ(key, component, old, now);
            }
        }
    }

    private void differ(String key, RecordComponent component, @Nullable Object before, @Nullable Object after) {
        if (before instanceof Record was && after instanceof Record is && was.getClass() == is.getClass()) {
            compare(key, was, is);
        } else if (before instanceof Map<?, ?> was && after instanceof Map<?, ?> is) {
            if (key.equals("backends")) {
                named("backend", texts(was), texts(is));
            } else {
                maps(key, was, is);
            }
        } else if (before instanceof List<?> was && after instanceof List<?> is) {
            lists(key, was, is);
        } else {
            String old = shown(component, before);
            String now = shown(component, after);
            add(key.isEmpty() ? "action" : key, old == null || now == null ? " changed" : " " + old + " → " + now);
        }
    }

    private static Map<String, Object> texts(Map<?, ?> map) {
        Map<String, Object> texts = new LinkedHashMap<>();
        map.forEach((key, value) -> texts.put(String.valueOf(key), value));
        return texts;
    }

    private void maps(String key, Map<?, ?> before, Map<?, ?> after) {
        Map<String, Object> was = texts(before);
        Map<String, Object> is = texts(after);
        List<String> changed = new ArrayList<>();
        is.forEach((name, value) -> {
            if (was.containsKey(name) && !same(was.get(name), value)) {
                changed.add(name);
            }
        });
        String entries = entries(was.keySet(), is.keySet());
        String all = entries
                + (entries.isEmpty() || changed.isEmpty() ? "" : ", ")
                + (changed.isEmpty() ? "" : some(changed) + " changed");
        add(key, all.isEmpty() ? " in another order" : ": " + all);
    }

    private void lists(String key, List<?> before, List<?> after) {
        Map<String, Object> was = labelled(before);
        Map<String, Object> is = labelled(after);
        if (was.size() < before.size() || is.size() < after.size()) {
            // Entries that have no name to tell them by, or that are not to be shown.
            add(key, " changed");
            return;
        }
        List<String> parts = new ArrayList<>();
        String entries = entries(was.keySet(), is.keySet());
        if (!entries.isEmpty()) {
            parts.add(entries);
        }
        is.forEach((label, value) -> {
            Object old = was.get(label);
            if (old != null && !same(old, value)) {
                if (old instanceof Record a && value instanceof Record b && a.getClass() == b.getClass()) {
                    lines(a, b).forEach(line -> parts.add(label + " " + line));
                } else {
                    parts.add(label + " changed");
                }
            }
        });
        add(key, parts.isEmpty() ? " in another order" : ": " + String.join(", ", parts));
    }

    /** Fewer than there are where two have the same label, or one has none. */
    private static Map<String, Object> labelled(List<?> entries) {
        Map<String, Object> labelled = new LinkedHashMap<>();
        for (Object entry : entries) {
            String label = entry instanceof Listed listed ? listed.label() : text(entry);
            if (label != null) {
                labelled.put(label, entry);
            }
        }
        return labelled;
    }

    // ---- values

    private static String entries(Collection<String> before, Collection<String> after) {
        List<String> added = after.stream().filter(one -> !before.contains(one)).toList();
        List<String> removed =
                before.stream().filter(one -> !after.contains(one)).toList();
        String plus = added.isEmpty() ? "" : "+ " + some(added);
        String minus = removed.isEmpty() ? "" : "- " + some(removed);
        return plus.isEmpty() || minus.isEmpty() ? plus + minus : plus + ", " + minus;
    }

    private static String some(List<String> names) {
        return names.size() <= SHOWN
                ? String.join(" ", names)
                : String.join(" ", names.subList(0, SHOWN)) + " and " + (names.size() - SHOWN) + " more";
    }

    /** Null where it is not to be shown. */
    private static @Nullable String shown(RecordComponent component, @Nullable Object value) {
        InFile said = component.getAnnotation(InFile.class);
        OptionalLong number = number(value);
        if (said != null && value != null && !said.absent().isEmpty() && number.orElse(0) == 0) {
            return said.absent();
        }
        String text = said != null && said.size() && number.isPresent() ? Sizes.text(number.getAsLong()) : text(value);
        return text == null || text.length() > LONGEST_VALUE ? null : text;
    }

    private static OptionalLong number(@Nullable Object value) {
        if (value instanceof OptionalInt number) {
            return number.isPresent() ? OptionalLong.of(number.getAsInt()) : OptionalLong.empty();
        }
        if (value instanceof OptionalLong number) {
            return number;
        }
        return value instanceof Number number ? OptionalLong.of(number.longValue()) : OptionalLong.empty();
    }

    /** Null for what has no short text. */
    private static @Nullable String text(@Nullable Object value) {
        if (value == null) {
            return "none";
        }
        if (value instanceof Duration duration) {
            return Durations.text(duration);
        }
        if (value instanceof OptionalInt number) {
            return number.isPresent() ? Integer.toString(number.getAsInt()) : "none";
        }
        if (value instanceof OptionalLong number) {
            return number.isPresent() ? Long.toString(number.getAsLong()) : "none";
        }
        if (value instanceof Enum<?> constant) {
            return constant(constant);
        }
        if (value instanceof InetSocketAddress at) {
            return new BindAddress(at.getAddress(), at.getPort()).toString();
        }
        if (value instanceof Secret
                || (value instanceof Record && !(value instanceof BindAddress) && !(value instanceof AddressRange))) {
            return null;
        }
        if (value instanceof Collection<?>
                || value instanceof Map<?, ?>
                || value.getClass().isArray()) {
            return value instanceof Collection<?> all && all.stream().allMatch(String.class::isInstance)
                    ? String.join(
                            " ", all.stream().map(String.class::cast).sorted().toList())
                    : null;
        }
        return String.valueOf(value);
    }

    /** As in the file, where it has a text of its own. */
    private static String constant(Enum<?> constant) {
        try {
            Method text = constant.getDeclaringClass().getMethod("text");
            return String.valueOf(text.invoke(constant));
        } catch (ReflectiveOperationException e) {
            return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static boolean same(@Nullable Object before, @Nullable Object after) {
        return Objects.deepEquals(before, after);
    }

    private static @Nullable Object value(Record record, RecordComponent component) {
        try {
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Empty where the file has none. */
    private static String key(RecordComponent component) {
        InFile said = component.getAnnotation(InFile.class);
        if (said != null && said.beside()) {
            return "";
        }
        return said == null || said.key().isEmpty()
                ? component.getName().replaceAll("([a-z])([A-Z0-9])", "$1-$2").toLowerCase(Locale.ROOT)
                : said.key();
    }
}
