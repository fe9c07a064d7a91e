package dev.postern.acme;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeOptions;
import dev.postern.ca.acme.AcmeProfile;
import dev.postern.ca.acme.AcmeReply;
import dev.postern.ca.acme.AcmeService;
import dev.postern.ca.acme.Problem;
import dev.postern.ca.acme.ProblemType;
import dev.postern.config.ChallengeType;
import dev.postern.pki.Pem;
import dev.postern.testing.TestCa;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The CA in {@code ca.acme}, whose answers are edited on the way as an {@link OddAnswer} says. */
final class OddCa implements CaTransport {
    static final URI BASE = URI.create("https://odd.ca.example");

    private final OddAnswer script;
    private final InternalCa ca;
    private final AcmeService service;
    private final InstantSource clock;
    private final TestCa stranger = TestCa.create("A Stranger");
    private final Map<String, Integer> counts = new HashMap<>();

    OddCa(OddAnswer script, Path folder, InstantSource clock) throws IOException {
        this.script = script;
        this.clock = clock;
        this.ca = InternalCa.open(folder, clock, new SecureRandom());
        AcmeOptions options = new AcmeOptions(Runnable::run, clock, new SecureRandom())
                .authorizations(AcmeOptions.Authorizations.FRESH)
                .challenges(EnumSet.copyOf(script.offers()))
                .profiles(script.profiles().stream()
                        .collect(Collectors.toMap(
                                name -> name,
                                name -> new AcmeProfile(
                                        name, Duration.ofDays(name.equals("shortlived") ? 9 : 90), Duration.ZERO))))
                .validator((wanted, finding) -> finding.accept(script.refusal(wanted.name(), wanted.type())
                        .map(type ->
                                Problem.of(ProblemType.valueOf(type.toUpperCase(Locale.ROOT)), "said the script"))));
        this.service = AcmeService.open(ca, script.base(), options);
    }

    static URI directory() {
        return BASE.resolve("/directory");
    }

    /** How many requests of this kind came. */
    int asked(String kind) {
        return counts.getOrDefault(kind, 0);
    }

    private static String kind(URI target) {
        String path = target.getPath();
        String[] parts = path.split("/", -1);
        if (path.endsWith("/finalize")) {
            return "finalize";
        }
        if (parts[1].equals("certificate")) {
            return parts.length > 3 ? "alternate" : "certificate";
        }
        return parts[1];
    }

    @Override
    public Answer send(HttpRequest request, Duration deadline) throws IOException {
        String kind = kind(request.uri());
        int count = counts.merge(kind, 1, Integer::sum);
        List<OddAnswer.Edit> edits = script.edits(kind, count);
        for (OddAnswer.Edit edit : edits) {
            Optional<Answer> instead = instead(edit, request);
            if (instead.isPresent()) {
                return instead.get();
            }
        }
        Map<String, String> headers = new HashMap<>();
        request.headers().map().forEach((name, values) -> headers.put(name, values.get(0)));
        AcmeReply reply = service.answer(
                request.method(),
                request.uri().getRawPath(),
                headers,
                CaTransport.bodyOf(request).getBytes(StandardCharsets.UTF_8));
        Draft draft = new Draft(reply);
        for (OddAnswer.Edit edit : edits) {
            draft.edit(edit);
        }
        return draft.answer();
    }

    /** What comes in place of an answer, of which the CA hears nothing; empty for an edit of the answer. */
    private Optional<Answer> instead(OddAnswer.Edit edit, HttpRequest request) throws IOException {
        switch (edit.action()) {
            case "refused" -> throw new ConnectException("connection refused");
            case "silent" -> throw new HttpTimeoutException("no complete answer within 30s");
            case "moved" -> {
                if (request.uri().getQuery() != null) {
                    return Optional.empty();
                }
                String[] words = edit.words(2);
                return Optional.of(answer(
                        Integer.parseInt(words[0]),
                        Map.of(
                                "Location",
                                List.of(words[1].replace("{same}", request.uri().toString()))),
                        ""));
            }
            case "problem" -> {
                String[] words = edit.words(3);
                JsonObject problem = new JsonObject();
                problem.addProperty("type", "urn:ietf:params:acme:error:" + words[1]);
                problem.addProperty("detail", words[2]);
                return Optional.of(
                        withNonce(Integer.parseInt(words[0]), "application/problem+json", problem.toString()));
            }
            case "json" -> {
                String[] words = edit.words(2);
                return Optional.of(withNonce(Integer.parseInt(words[0]), "application/problem+json", words[1]));
            }
            case "page" -> {
                int status = Integer.parseInt(edit.argument());
                return Optional.of(withNonce(status, "text/html", "<html><h1>no</h1></html>"));
            }
            default -> {
                return Optional.empty();
            }
        }
    }

    private Answer withNonce(int status, String type, String body) {
        AcmeReply nonce = service.answer("HEAD", "/new-nonce", Map.of(), new byte[0]);
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.put("Content-Type", List.of(type));
        nonce.header("Replay-Nonce").ifPresent(value -> headers.put("Replay-Nonce", List.of(value)));
        // What the same script says of headers holds for it as well.
        script.headers().forEach((name, value) -> headers.put(name, List.of(value)));
        return answer(status, headers, body);
    }

    private static Answer answer(int status, Map<String, List<String>> headers, String body) {
        return new Answer(
                status,
                HttpHeaders.of(headers, (name, value) -> true),
                ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)));
    }

    /** An answer that is being edited. */
    private final class Draft {
        private int status;
        private String body;
        private final Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

        Draft(AcmeReply reply) {
            status = reply.status();
            body = reply.body();
            reply.headers()
                    .forEach(header -> headers.computeIfAbsent(header.name(), name -> new ArrayList<>())
                            .add(header.value()));
        }

        void edit(OddAnswer.Edit edit) throws IOException {
            switch (edit.action()) {
                case "lost" -> throw new IOException("connection reset");
                case "half" -> body = body.substring(0, body.length() / 2);
                case "status" -> status = Integer.parseInt(edit.argument());
                case "body" -> body = edit.argument();
                case "without" -> headers.remove(edit.argument());
                case "header" -> {
                    String[] words = edit.words(2);
                    headers.put(words[0], List.of(words[1]));
                }
                case "capitals" -> {
                    JsonObject json = JsonParser.parseString(body).getAsJsonObject();
                    capitals(json);
                    body = json.toString();
                }
                case "set" -> {
                    String[] words = edit.words(2);
                    body = set(words[0], JsonParser.parseString(words[1]));
                }
                case "again" -> body = repeated(edit.argument());
                case "remove" -> body = set(edit.argument(), null);
                case "chain" -> body = chain(edit.argument());
                case "pem" -> body = edit.argument().replace("{same}", body).replace("\\n", "\n");
                default -> throw new IllegalArgumentException("unknown action: \"" + edit.action() + '"');
            }
        }

        private void capitals(JsonElement json) {
            if (json.isJsonObject()) {
                JsonObject object = json.getAsJsonObject();
                if (object.has("type") && object.has("value")) {
                    object.addProperty(
                            "value", object.get("value").getAsString().toUpperCase(Locale.ROOT));
                }
                object.asMap().values().forEach(this::capitals);
            } else if (json.isJsonArray()) {
                json.getAsJsonArray().forEach(this::capitals);
            }
        }

        private JsonElement at(JsonElement root, String[] path, int depth) {
            JsonElement here = root;
            for (int i = 0; i < depth; i++) {
                here = here.isJsonArray()
                        ? here.getAsJsonArray().get(Integer.parseInt(path[i]))
                        : here.getAsJsonObject().get(path[i]);
            }
            return here;
        }

        private String set(String where, @Nullable JsonElement value) {
            JsonElement root = JsonParser.parseString(body);
            String[] path = where.split("\\.", -1);
            JsonElement parent = at(root, path, path.length - 1);
            String last = path[path.length - 1];
            if (value == null) {
                parent.getAsJsonObject().remove(last);
            } else if (parent.isJsonArray()) {
                parent.getAsJsonArray().set(Integer.parseInt(last), value);
            } else {
                parent.getAsJsonObject().add(last, value);
            }
            return root.toString();
        }

        /** The first element of an array once more. */
        private String repeated(String where) {
            JsonElement root = JsonParser.parseString(body);
            String[] path = where.split("\\.", -1);
            JsonArray array = at(root, path, path.length).getAsJsonArray();
            array.add(array.get(0));
            return root.toString();
        }

        private String chain(String members) throws IOException {
            List<X509Certificate> sent = Pem.readCertificates(body);
            List<X509Certificate> next = new ArrayList<>();
            for (String member : members.isEmpty() ? new String[0] : members.split(" ", -1)) {
                next.add(
                        switch (member) {
                            case "leaf" -> sent.get(0);
                            case "intermediate" -> sent.get(1);
                            case "root" -> Trust.root(ca);
                            case "stranger" -> stranger.root();
                            case "other-leaf" ->
                                stranger.issue(List.of("example.com"), clock.instant(), Duration.ofDays(9))
                                        .chain()
                                        .get(0);
                            default -> throw new IllegalArgumentException("no such certificate: " + member);
                        });
            }
            try {
                return Pem.of(next);
            } catch (GeneralSecurityException e) {
                throw new IOException(e);
            }
        }

        Answer answer() {
            return OddCa.answer(status, headers, body);
        }
    }

    /** For scripts that name it. */
    static List<ChallengeType> types(String text) {
        return Arrays.stream(text.split(" ", -1))
                .map(word -> ChallengeType.valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_')))
                .toList();
    }
}
