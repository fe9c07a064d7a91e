package dev.postern.migrate.nginx;

import dev.postern.migrate.Action;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Paths;
import dev.postern.migrate.Tally;
import dev.postern.migrate.Value;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code proxy_pass} and {@code grpc_pass}: a backend, and what takes the place of the path. */
final class Passing {
    private static final Pattern FORM = Pattern.compile("(http|https|grpc|grpcs)://(unix:[^:]+|[^/]+)(:?)(/.*)?");
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._\\[\\]:-]+");

    private final Upstreams upstreams;
    private final Path folder;
    private final Tally tally;

    /** @param folder what relative files are relative to */
    Passing(Upstreams upstreams, Path folder, Tally tally) {
        this.upstreams = upstreams;
        this.folder = folder;
        this.tally = tally;
    }

    /** Of the block alone: a location takes nothing of it from around. */
    Optional<Directive> target(Scope scope) {
        return scope.block().own().stream()
                .filter(line -> line.is("proxy_pass") || line.is("grpc_pass"))
                .findFirst();
    }

    /**
     * Empty where no server can be asked.
     *
     * @param prefix what of the path the location is about
     * @param rewrite what {@code rewrite … break} has put in the place of it; empty for nothing
     */
    Optional<Action> action(Scope scope, String prefix, String rewrite, Mapping at) {
        Directive line = target(scope).orElseThrow();
        String text = new Variables(scope).plain(line.word(1));
        Matcher form = FORM.matcher(text.contains("://") ? text : "grpc://" + text);
        if (text.indexOf('$') >= 0 || !form.matches()) {
            tally.note(
                    at,
                    line,
                    text.indexOf('$') >= 0
                            ? "servers are not named by variables: answered 503 here"
                            : "it names no server: answered 503 here",
                    "a route for each backend");
            return Optional.empty();
        }
        boolean isTls = form.group(1).endsWith("s");
        String target = form.group(2);
        String uri = form.group(4) == null || !rewrite.isEmpty() ? rewrite : form.group(4);
        Map<String, Value> said = new LinkedHashMap<>();
        if (form.group(1).startsWith("grpc")) {
            said.put("protocol", Value.of("h2c"));
        }
        if (isTls) {
            said.put("tls", tls(scope, line, target, at));
        }
        host(scope, target, isTls, at).ifPresent(host -> said.put("host", Value.of(host)));
        retry(scope, said);
        Optional<String> backend = upstreams.backend(target, isTls ? 443 : 80, said);
        if (backend.isEmpty()) {
            tally.note(at, line, "no server of it could be carried over: answered 503 here", "a backend");
            return Optional.empty();
        }
        tally.carried(line);
        return Optional.of(new Action.To(backend.get(), rewritten(line, prefix, uri, at)));
    }

    private String rewritten(Directive line, String prefix, String uri, Mapping at) {
        String path = uri.indexOf('?') < 0 ? uri : uri.substring(0, uri.indexOf('?'));
        if (path.isEmpty() || path.equals(prefix)) {
            return "";
        }
        if (!Paths.isGood(path) || uri.indexOf('?') >= 0) {
            tally.note(
                    at,
                    line,
                    "the path that takes the place of " + prefix + " is none that Postern can send",
                    "rewrite");
            return Paths.isGood(path) ? path : "";
        }
        if (!prefix.equals("/") && prefix.endsWith("/") != path.endsWith("/")) {
            tally.note(
                    at,
                    line,
                    "paths are joined with one slash: " + prefix + (prefix.endsWith("/") ? "x" : "/x") + " becomes "
                            + (path.endsWith("/") ? path : path + "/") + "x",
                    "");
        }
        return path;
    }

    /** The Host that servers are asked for; empty where it is the client's. */
    private Optional<String> host(Scope scope, String target, boolean isTls, Mapping at) {
        Optional<Directive> set = scope.all("proxy_set_header").stream()
                .filter(line -> line.word(1).equalsIgnoreCase("host"))
                .findFirst();
        String port = isTls ? ":443" : ":80";
        String byDefault = target.startsWith("unix:")
                ? "localhost"
                : target.endsWith(port) ? target.substring(0, target.length() - port.length()) : target;
        if (set.isEmpty()) {
            return Optional.of(byDefault).filter(host -> HOST.matcher(host).matches());
        }
        tally.carried(set.get());
        String said = new Variables(scope).plain(set.get().word(2));
        switch (said) {
            case "$host", "$http_host", "$host:$server_port" -> {
                return Optional.empty();
            }
            case "$proxy_host" -> {
                return Optional.of(byDefault).filter(host -> HOST.matcher(host).matches());
            }
            default -> {
                if (HOST.matcher(said).matches()) {
                    return Optional.of(said);
                }
                tally.note(
                        at,
                        set.get(),
                        "the Host is the client's, the server's or a name; the client's now",
                        "host of the backend");
                return Optional.empty();
            }
        }
    }

    private Value tls(Scope scope, Directive line, String target, Mapping at) {
        Map<String, Value> tls = new LinkedHashMap<>();
        boolean isVerified = scope.isOn("proxy_ssl_verify");
        scope.one("proxy_ssl_verify").ifPresent(tally::carried);
        Optional<Directive> roots = scope.one("proxy_ssl_trusted_certificate");
        if (!isVerified) {
            tls.put("verify", Value.of("off"));
            tally.note(
                    at,
                    line,
                    "as before, any server is believed there",
                    "tls: {} in its backend, where its certificate is good");
        } else if (roots.isPresent()
                && Files.isReadable(folder.resolve(roots.get().word(1)))) {
            tls.put("ca-file", Value.of(folder.resolve(roots.get().word(1)).toString()));
            tally.carried(roots.get());
        } else {
            roots.ifPresent(file -> tally.note(
                    at, file, "the file is not here: the CAs of the system count", "tls: ca-file of the backend"));
        }
        String name = scope.one("proxy_ssl_name").map(one -> one.word(1)).orElse("");
        if (HOST.matcher(name).matches() && name.indexOf(':') < 0) {
            scope.one("proxy_ssl_name").ifPresent(tally::carried);
            tls.put("server-name", Value.of(name));
        } else if (upstreams.has(target) && isVerified) {
            tls.put("server-name", Value.of(target));
        }
        scope.one("proxy_ssl_server_name").ifPresent(tally::carried);
        scope.one("proxy_ssl_session_reuse").ifPresent(tally::carried);
        return Value.entries(tls);
    }

    private void retry(Scope scope, Map<String, Value> said) {
        Optional<Directive> next = scope.one("proxy_next_upstream");
        if (next.isEmpty()) {
            return;
        }
        tally.carried(next.get());
        List<String> on = new ArrayList<>();
        for (String word : next.get().arguments()) {
            switch (word) {
                case "error" -> on.add("closed");
                case "timeout" -> on.add("timeout");
                case "invalid_header" -> on.add("malformed");
                default -> {
                    if (word.matches("http_[45][0-9]{2}")) {
                        on.add(word.substring(5));
                    }
                }
            }
        }
        if (!on.isEmpty()) {
            said.put("retry", Value.entries(Map.of("on", Value.of(on))));
        }
    }
}
