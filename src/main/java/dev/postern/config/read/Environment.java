package dev.postern.config.read;

import dev.postern.config.NotUnderstood;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What stands for a part of a value and is in the environment: {@code ${NAME}}, or {@code ${NAME:-otherwise}} where that may
 * be unset or empty. Two dollar signs before the brace make the text itself of it.
 */
final class Environment {
    private static final Pattern PLACE =
            Pattern.compile("\\$\\$\\{|\\$\\{(?:([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\\})?");

    private final Map<String, String> variables;
    private final @Nullable Path file;

    /** @param file that was looked at as well; null for none */
    Environment(Map<String, String> variables, @Nullable Path file) {
        this.variables = variables;
        this.file = file;
    }

    /** Most values have nothing of the kind. */
    static boolean concerns(String text) {
        return text.contains("${");
    }

    /** @throws NotUnderstood with what is wrong and what was expected, which never has a value of the environment in it */
    String expand(String text) throws NotUnderstood {
        Matcher place = PLACE.matcher(text);
        StringBuilder expanded = new StringBuilder();
        while (place.find()) {
            place.appendReplacement(expanded, Matcher.quoteReplacement(one(place)));
        }
        return place.appendTail(expanded).toString();
    }

    private String one(Matcher place) throws NotUnderstood {
        if (place.group().equals("$${")) {
            return "${";
        }
        String name = place.group(1);
        if (name == null) {
            throw new NotUnderstood("has ${ without a name and a } behind it (expected: ${NAME} of the"
                    + " environment, ${NAME:-otherwise}, or $${ for the text ${ itself)");
        }
        String value = variables.get(name);
        if (place.group(2) != null) {
            return value == null || value.isEmpty() ? place.group(3) : value;
        }
        if (value == null) {
            throw new NotUnderstood("names " + name
                    + ", which is not in the environment" + (file == null ? "" : ", nor in " + file) + " (expected: "
                    + name
                    + " as the daemon's unit has it, in the environment or in --env-file FILE; or ${" + name
                    + ":-otherwise})");
        }
        return value;
    }
}
