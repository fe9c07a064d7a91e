package dev.postern;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Date;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * Who may use whom, which library lives where, and what nobody may do. The tables are the law; the reasons are in them.
 *
 * <p>One instance, and nothing static: what is read of all classes fills hundreds of megabytes, and would make the
 * collector, which every test of the edge asks for, slow for the rest of the run.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("long")
class ArchitectureTest {
    private static final String BASE = "dev.postern";

    private final JavaClasses postern = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(BASE);
    private final JavaClasses tests = new ClassFileImporter()
            .withImportOption(new ImportOption.OnlyIncludeTests())
            .importPackages(BASE);

    /**
     * Package → the packages it may use; each is named alone, without what is inside of it. A request flows downwards, and
     * nothing points back up; app sees everything.
     */
    private static final Map<String, Set<String>> MAY_USE = new LinkedHashMap<>();

    static {
        MAY_USE.put(
                "cli",
                Set.of(
                        "app",
                        "migrate",
                        "migrate.haproxy",
                        "migrate.nginx",
                        "migrate.caddy",
                        "control",
                        "simulation",
                        "preflight",
                        "trust",
                        "dns",
                        "certificate.care",
                        "certificate.store",
                        "certificate.served",
                        "pki",
                        "disk",
                        "time",
                        "config.describe",
                        "config.read",
                        "config"));
        // Whoever cannot be reached harms nobody: it is above all that it tells of, and is told of it by app.
        MAY_USE.put("alert", Set.of("certificate.issuer", "config"));
        MAY_USE.put("migrate", Set.of("control", "pki", "disk", "config"));
        // What all imports of configurations have in common is in the package around.
        MAY_USE.put("migrate.haproxy", Set.of("migrate", "disk", "config"));
        MAY_USE.put("migrate.nginx", Set.of("migrate", "disk", "config"));
        MAY_USE.put("migrate.caddy", Set.of("migrate", "disk", "config"));
        MAY_USE.put(
                "control",
                Set.of(
                        "certificate.operate",
                        "certificate.care",
                        "certificate.store",
                        "certificate.policy",
                        "certificate.served",
                        "certificate.issuer",
                        "pki",
                        "disk",
                        "time",
                        "config"));
        // The real care of certificates in a world that is made up, disk included: everything but the request path.
        MAY_USE.put(
                "simulation",
                Set.of(
                        "acme",
                        "ca.acme",
                        "ca",
                        "certificate.care",
                        "certificate.store",
                        "certificate.store.files",
                        "certificate.served",
                        "certificate.issuer",
                        "pki",
                        "time",
                        "config"));
        MAY_USE.put("preflight", Set.of("dns", "certificate.served", "certificate.issuer", "pki", "time", "config"));
        MAY_USE.put("dns", Set.of("hook", "certificate.issuer", "time", "config"));
        MAY_USE.put("hook", Set.of("certificate.care", "certificate.store", "certificate.issuer", "time", "config"));
        // Its pages are served like everything else, through the one strict parser.
        MAY_USE.put(
                "admin",
                Set.of("control", "status", "observe", "http.step", "backend", "certificate.care", "time", "config"));
        // It looks at what is there, and tells it in the words of the commands.
        MAY_USE.put(
                "status",
                Set.of(
                        "control",
                        "observe",
                        "http.exchange",
                        "wire",
                        "balance",
                        "backend",
                        "certificate.care",
                        "config"));
        // It implements the observers that the packages under observation own.
        MAY_USE.put(
                "observe",
                Set.of(
                        "machine",
                        "tls",
                        "http.exchange",
                        "tunnel",
                        "wire",
                        "route",
                        "balance",
                        "backend",
                        "certificate.care",
                        "config"));
        // It asks the tables that the steps of a request ask, and changes nothing.
        MAY_USE.put(
                "explain",
                Set.of("control", "http.exchange", "tunnel", "wire", "route", "balance", "backend", "pki", "config"));
        MAY_USE.put(
                "listener",
                Set.of(
                        "tls",
                        "http.step",
                        "http.h1",
                        "http.h2",
                        "http.exchange",
                        "tunnel",
                        "wire",
                        "machine",
                        "config"));
        MAY_USE.put("tls", Set.of("identity", "wire", "certificate.served", "pki", "machine", "config"));
        // Whom a client proves to be: handshakes ask it, and connections ask again when a file has changed.
        MAY_USE.put("identity", Set.of("wire", "disk", "machine", "config"));
        MAY_USE.put(
                "http.step",
                Set.of("http.exchange", "http.message", "wire", "route", "certificate.served", "machine", "config"));
        // Neither of the two protocols knows the other.
        MAY_USE.put(
                "http.h1",
                Set.of(
                        "http.exchange",
                        "http.message",
                        "dial",
                        "trust",
                        "wire",
                        "route",
                        "backend",
                        "machine",
                        "config"));
        MAY_USE.put(
                "http.h2",
                Set.of(
                        "http.exchange",
                        "http.message",
                        "dial",
                        "trust",
                        "wire",
                        "route",
                        "backend",
                        "machine",
                        "config"));
        MAY_USE.put(
                "http.exchange",
                Set.of(
                        "http.coding",
                        "http.message",
                        "tunnel",
                        "dial",
                        "wire",
                        "route",
                        "balance",
                        "backend",
                        "machine",
                        "config"));
        MAY_USE.put("http.coding", Set.of("http.message", "config"));
        MAY_USE.put("http.message", Set.of("wire", "route", "config"));
        MAY_USE.put("tunnel", Set.of("dial", "trust", "wire", "balance", "backend", "machine", "config"));
        MAY_USE.put("dial", Set.of("trust", "wire", "balance", "backend", "machine", "config"));
        MAY_USE.put("wire", Set.of());
        MAY_USE.put("route", Set.of("config"));
        MAY_USE.put("balance", Set.of("backend", "config"));
        MAY_USE.put("backend", Set.of("trust", "wire", "disk", "machine", "config"));
        // Whom a server proves to be: requests and health checks ask it alike.
        MAY_USE.put("trust", Set.of("wire", "pki", "machine", "config"));
        MAY_USE.put("schedule", Set.of("certificate.care", "certificate.served", "machine", "config"));
        MAY_USE.put("acme", Set.of("certificate.store", "certificate.issuer", "pki", "disk", "time", "config"));
        // What signs in production knows nothing of the server that demo, tests and simulation put before it.
        MAY_USE.put("ca.acme", Set.of("ca", "certificate.issuer", "pki", "disk", "time", "config"));
        MAY_USE.put("ca", Set.of("certificate.issuer", "pki", "disk", "config"));
        // What an operator asks for goes the ways of the care, which knows nothing of it.
        MAY_USE.put(
                "certificate.operate",
                Set.of(
                        "certificate.care",
                        "certificate.limits",
                        "certificate.store",
                        "certificate.policy",
                        "certificate.issuer",
                        "pki",
                        "disk",
                        "time",
                        "config"));
        // It decides and acts; whoever only looks, or asks for something, stands above it.
        MAY_USE.put(
                "certificate.care",
                Set.of(
                        "certificate.limits",
                        "certificate.store",
                        "certificate.policy",
                        "certificate.served",
                        "certificate.issuer",
                        "pki",
                        "disk",
                        "time",
                        "machine",
                        "config"));
        // What may still be asked of a CA.
        MAY_USE.put(
                "certificate.limits",
                Set.of("certificate.store", "certificate.policy", "certificate.issuer", "time", "config"));
        // What is stored, and nothing of why or where.
        MAY_USE.put("certificate.store", Set.of("certificate.policy", "certificate.issuer", "pki", "config"));
        // One way of storing it. Another would be another room, and nobody would notice but who chooses.
        MAY_USE.put(
                "certificate.store.files",
                Set.of(
                        "certificate.store",
                        "certificate.policy",
                        "certificate.issuer",
                        "pki",
                        "disk",
                        "time",
                        "config"));
        // Pure: the time is a parameter, nothing is kept.
        MAY_USE.put("certificate.policy", Set.of("certificate.issuer", "pki", "time", "config"));
        // All that a connection meets of the certificates.
        MAY_USE.put("certificate.served", Set.of("certificate.issuer", "pki", "config"));
        // What a CA is to us; acme and ca are such.
        MAY_USE.put("certificate.issuer", Set.of("pki", "config"));
        // Keys and certificates in memory, of whomever they are: it knows no store, no CA and no connection.
        MAY_USE.put("pki", Set.of("machine", "config"));
        // Files that are there in full or not at all: ground.
        MAY_USE.put("disk", Set.of("config"));
        // Clocks, and how time is said: ground.
        MAY_USE.put("time", Set.of());
        // What is said of it to people and their editors is made of what its readers ask.
        MAY_USE.put("config.describe", Set.of("config.read", "config"));
        // Servers like any other, as far as the edge knows.
        MAY_USE.put("demo", Set.of());
        MAY_USE.put("config.read", Set.of("config"));
        MAY_USE.put("config", Set.of());
        // Memory, and the want of it: everybody who catches errors asks it whether there is any use in going on.
        MAY_USE.put("machine", Set.of());
    }

    /** Group of packages → those of them that packages outside may enter. */
    private static final Map<String, Set<String>> DOORS = Map.of(
            "http",
            Set.of("http.exchange", "http.h1", "http.h2", "http.step"),
            "certificate",
            Set.of(
                    "certificate.operate",
                    "certificate.care",
                    "certificate.store",
                    // For the simulation, which brings a disk of its own.
                    "certificate.store.files",
                    "certificate.policy",
                    "certificate.served",
                    "certificate.issuer"));

    /** Library → the packages that may know it, so that replacing it is a matter of these. */
    private static final Map<String, Set<String>> LIBRARY_HOME = new LinkedHashMap<>();

    static {
        LIBRARY_HOME.put(
                "io.netty..",
                Set.of(
                        "listener",
                        "tls",
                        "wire",
                        "dial",
                        "tunnel",
                        "http",
                        "backend",
                        "trust",
                        "machine",
                        "app",
                        "demo"));
        LIBRARY_HOME.put("io.netty.handler.codec.http2..", Set.of("http.h2", "backend"));
        LIBRARY_HOME.put("com.aayushatharva..", Set.of("http.coding"));
        LIBRARY_HOME.put("com.github.luben..", Set.of("http.coding"));
        LIBRARY_HOME.put("jakarta.mail..", Set.of("alert"));
        LIBRARY_HOME.put("org.apache.commons.codec..", Set.of("http.step"));
        LIBRARY_HOME.put("org.shredzone.acme4j..", Set.of("acme"));
        LIBRARY_HOME.put("org.quartz..", Set.of("schedule"));
        LIBRARY_HOME.put("org.jose4j..", Set.of("ca.acme"));
        LIBRARY_HOME.put("org.snakeyaml..", Set.of("config.read"));
        LIBRARY_HOME.put("picocli..", Set.of("cli"));
        LIBRARY_HOME.put("org.xbill..", Set.of("dns"));
        // What is a public suffix, both for the limits of CAs and for what they refuse; and what thousands of equal
        // things share.
        LIBRARY_HOME.put("com.google.common..", Set.of("certificate", "pki", "config"));
        LIBRARY_HOME.put("io.prometheus..", Set.of("observe"));
    }

    private static final Path SOURCES = Path.of("src/main/java/dev/postern");

    /** Package → the size of its largest group of classes that all reach each other; 1 where it is not named. */
    private static final Map<String, Integer> LARGEST_KNOT = Map.ofEntries(
            Map.entry("acme", 2),
            Map.entry("app", 4),
            Map.entry("backend", 2),
            Map.entry("ca.acme", 9),
            Map.entry("certificate.care", 3),
            Map.entry("certificate.policy", 3),
            Map.entry("config", 3),
            Map.entry("config.read", 2),
            Map.entry("control", 2),
            Map.entry("http.exchange", 2),
            Map.entry("http.h1", 2),
            Map.entry("http.h2", 3),
            Map.entry("observe", 2),
            Map.entry("route", 2),
            Map.entry("schedule", 2),
            Map.entry("simulation", 8));

    /** Files of more than 400 lines besides their imports, and how many they may have. */
    private static final Map<String, Integer> LONG_FILES = Map.ofEntries(
            Map.entry("http/exchange/Exchange", 726),
            Map.entry("http/h1/Http1ClientConnection", 564),
            Map.entry("http/h1/Http1ServerConnection", 418),
            Map.entry("http/h2/Http2ClientConnection", 600),
            Map.entry("http/message/MessageDecoder", 415));

    private static final List<String> ON_THE_WAY_OF_A_REQUEST = List.of(
            "listener", "tls", "identity", "http", "tunnel", "dial", "trust", "wire", "route", "balance", "backend");

    /** What is had through a door only → the door, and what is made within and used there. */
    private static final Map<String, Set<String>> BEHIND_DOORS = Map.of(
            BASE + ".certificate.care.SiteState",
            Set.of("SiteRecord", "Outlook", "SiteNews", "Explanation"),
            BASE + ".ca.acme.AcmeState",
            Set.of("AcmeDoor"));

    private static final Pattern SYNCHRONIZED = Pattern.compile("synchronized \\(([^)]+\\(?\\)?)\\) \\{");

    /** Type names that say nothing, or belong to another word of the lexicon. */
    private static final List<String> BANNED_SUFFIXES =
            List.of("Manager", "Helper", "Util", "Utils", "Impl", "Base", "Data", "Info", "Context", "Processor");

    @TestFactory
    Stream<DynamicTest> packagesUseOnlyWhatTheTableAllows() {
        return MAY_USE.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(
                        entry.getKey() + " → " + entry.getValue(),
                        () -> noClasses()
                                .that()
                                .resideInAPackage(alone(entry.getKey()))
                                .should()
                                .dependOnClassesThat(resideInAPackage(BASE + "..")
                                        .and(not(resideInAnyPackage(alone(entry.getValue()))))
                                        .and(not(resideInAPackage(alone(entry.getKey())))))
                                .because("dependencies follow the request; see dev/postern/package-info.java")
                                .allowEmptyShould(true)
                                .check(postern)));
    }

    @TestFactory
    Stream<DynamicTest> everyLibraryStaysAtHome() {
        return LIBRARY_HOME.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(
                        entry.getKey() + " → " + entry.getValue(),
                        () -> noClasses()
                                .that()
                                .resideOutsideOfPackages(inside(entry.getValue()))
                                .should()
                                .dependOnClassesThat()
                                .resideInAPackage(entry.getKey())
                                .because("a library is known to as few packages as can be, so that it can be replaced")
                                .check(postern)));
    }

    /** A row that nobody needs lets in what nobody has thought of. */
    @Test
    void tableAllowsNothingThatNobodyNeeds() throws IOException {
        Map<String, Set<String>> used = new TreeMap<>();
        for (JavaClass one : postern) {
            for (Dependency dependency : one.getDirectDependenciesFromSelf()) {
                String target =
                        dependency.getTargetClass().getBaseComponentType().getPackageName();
                used.computeIfAbsent(room(one.getPackageName()), it -> new TreeSet<>())
                        .add(room(target));
            }
        }
        // Of constants nothing is left in the classes but their values.
        Pattern imported = Pattern.compile("^import (?:static )?" + Pattern.quote(BASE) + "\\.([a-z.0-9]+)\\.[A-Z]");
        for (Path file : sources()) {
            String user = SOURCES.relativize(file.getParent()).toString().replace('/', '.');
            for (String line : Files.readAllLines(file)) {
                Matcher name = imported.matcher(line);
                if (name.find()) {
                    used.computeIfAbsent(user, it -> new TreeSet<>()).add(name.group(1));
                }
            }
        }

        List<String> unused = new ArrayList<>();
        MAY_USE.forEach((user, allowed) -> allowed.stream()
                .filter(one -> !used.getOrDefault(user, Set.of()).contains(one))
                .forEach(one -> unused.add(user + " → " + one)));
        LIBRARY_HOME.forEach((library, homes) -> homes.stream()
                .filter(home -> used.entrySet().stream()
                        .noneMatch(uses -> isIn(uses.getKey(), home)
                                && uses.getValue().stream().anyMatch(one -> isIn(one, library.replace("..", "")))))
                .forEach(home -> unused.add(home + " → " + library)));
        DOORS.forEach((group, doors) -> doors.stream()
                .filter(door -> used.entrySet().stream()
                        .noneMatch(uses ->
                                !isIn(uses.getKey(), group) && uses.getValue().contains(door)))
                .forEach(door -> unused.add("into " + group + ": " + door)));
        assertThat(unused).isEmpty();
    }

    /** Without the name of all. */
    private static String room(String name) {
        return name.startsWith(BASE + ".") ? name.substring(BASE.length() + 1) : name;
    }

    private static boolean isIn(String name, String group) {
        return name.equals(group) || name.startsWith(group + ".");
    }

    @Test
    void everyPackageIsInTheTable() throws IOException {
        Set<String> packages = new TreeSet<>();
        for (Path file : sources()) {
            if (!file.endsWith("package-info.java")) {
                packages.add(SOURCES.relativize(file.getParent()).toString().replace('/', '.'));
            }
        }
        packages.remove("app");
        assertThat(packages).isEqualTo(new TreeSet<>(MAY_USE.keySet()));
    }

    @Test
    void packagesFormNoCycle() {
        slices().matching(BASE + ".(*)..").should().beFreeOfCycles().check(postern);
    }

    /** A package inside a package is a room with a door: what two of them need of each other belongs to a third. */
    @Test
    void roomsFormNoCycle() {
        slices().assignedFrom(new SliceAssignment() {
                    @Override
                    public SliceIdentifier getIdentifierOf(JavaClass one) {
                        return SliceIdentifier.of(one.getPackageName());
                    }

                    @Override
                    public String getDescription() {
                        return "packages, each without what is inside of it";
                    }
                })
                .should()
                .beFreeOfCycles()
                .check(postern);
    }

    /** Classes that all reach each other can only be understood, tested and moved together. The number may only fall. */
    @TestFactory
    Stream<DynamicTest> largestKnotOfAPackageGrowsNoMore() {
        return usesWithinPackages().entrySet().stream()
                .map(uses -> DynamicTest.dynamicTest(
                        uses.getKey(),
                        () -> assertThat(largestKnot(uses.getValue()))
                                .hasSize(LARGEST_KNOT.getOrDefault(uses.getKey(), 1))));
    }

    /** Package → its top-level classes → those of the same package that they name. */
    private Map<String, Map<String, Set<String>>> usesWithinPackages() {
        Map<String, Map<String, Set<String>>> uses = new TreeMap<>();
        for (JavaClass one : postern) {
            String name = one.getPackageName();
            Set<String> used = uses.computeIfAbsent(
                            name.equals(BASE) ? "(root)" : name.substring(BASE.length() + 1), it -> new TreeMap<>())
                    .computeIfAbsent(topLevel(one), it -> new TreeSet<>());
            for (Dependency dependency : one.getDirectDependenciesFromSelf()) {
                JavaClass target = dependency.getTargetClass().getBaseComponentType();
                if (target.getPackageName().equals(name) && !topLevel(target).equals(topLevel(one))) {
                    used.add(topLevel(target));
                }
            }
        }
        return uses;
    }

    /** What is behind these is the affair of those inside: Java has no word for it once a house has rooms. */
    @TestFactory
    Stream<DynamicTest> groupsAreEnteredByTheirDoorsOnly() {
        return DOORS.entrySet().stream()
                .map(door -> DynamicTest.dynamicTest(
                        door.getKey(),
                        () -> assertThat(MAY_USE).allSatisfy((user, used) -> {
                            if (!user.startsWith(door.getKey() + ".")) {
                                assertThat(used)
                                        .filteredOn(one -> one.startsWith(door.getKey() + "."))
                                        .isSubsetOf(door.getValue());
                            }
                        })));
    }

    /** Whoever looks for the cause of something is led to classes that are there. */
    @Test
    void guideFromASymptomToTheClassNamesClassesThatExist() throws IOException {
        String guide = Files.readString(Path.of("CONTRIBUTING.md"));
        String table = guide.substring(guide.indexOf("| Symptom |"), guide.indexOf("## Build and test"));
        Set<String> named = Pattern.compile("`(?:[a-z.]+\\.)?([A-Z]\\w+)`")
                .matcher(table)
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(named).hasSizeGreaterThan(30);

        postern.forEach(one -> named.remove(one.getSimpleName()));
        assertThat(named).as("classes that are nowhere").isEmpty();

        List<String> gone = new ArrayList<>();
        Pattern.compile("`(?:[a-z.]+\\.)?([A-Z]\\w+)` \\(([^)]*)\\)")
                .matcher(table)
                .results()
                .forEach(within -> Pattern.compile("`([a-z]\\w+)`")
                        .matcher(within.group(2))
                        .results()
                        .map(member -> member.group(1))
                        .filter(member -> postern.stream()
                                .filter(one -> one.getSimpleName().equals(within.group(1)))
                                .flatMap(one -> one.getMembers().stream())
                                .noneMatch(one -> one.getName().equals(member)))
                        .forEach(member -> gone.add(within.group(1) + "." + member)));
        assertThat(gone).as("members that are not there").isEmpty();
    }

    /** So are those who read what a package says of itself. */
    @Test
    void mapsNameClassesThatExist() throws IOException {
        // The name of a protocol is no class.
        Set<String> there = new TreeSet<>(Set.of("WebSocket"));
        postern.forEach(one -> there.add(one.getSimpleName()));
        try (Stream<Path> tests = Files.walk(Path.of("src/test/java"))) {
            tests.forEach(test -> there.add(test.getFileName().toString().replace(".java", "")));
        }
        List<String> gone = new ArrayList<>();
        for (Path map : sources()) {
            if (map.endsWith("package-info.java")) {
                // Of two words at least: one alone may be a header.
                Pattern.compile("\\b(?:[A-Z][a-z0-9]+){2,}\\b")
                        .matcher(Files.readString(map).replaceAll("(?s)\\*/.*|https?://\\S+", ""))
                        .results()
                        .map(name -> name.group())
                        .filter(name -> !there.contains(name))
                        .forEach(name -> gone.add(SOURCES.relativize(map) + ": " + name));
            }
        }
        assertThat(gone).isEmpty();
    }

    /** Whoever made a store of files itself would have no other. */
    @Test
    void storeIsChosenInOnePlace() {
        noClasses()
                .that()
                .resideOutsideOfPackages(alone("certificate.store.files"), alone("simulation"))
                .and()
                .doNotHaveSimpleName("ConfiguredStore")
                .should()
                .dependOnClassesThat(resideInAPackage(alone("certificate.store.files")))
                .because("certificates, accounts and ledgers are kept by a Store, of whatever kind")
                .check(postern);
    }

    private static String topLevel(JavaClass one) {
        return one.getEnclosingClass().map(ArchitectureTest::topLevel).orElse(one.getSimpleName());
    }

    private static Set<String> largestKnot(Map<String, Set<String>> uses) {
        Map<String, Set<String>> reached = new TreeMap<>();
        uses.keySet().forEach(one -> reached.put(one, reachedFrom(one, uses)));
        Set<String> largest = Set.of();
        for (Map.Entry<String, Set<String>> one : reached.entrySet()) {
            Set<String> knot = new TreeSet<>(one.getValue());
            knot.removeIf(other -> !reached.getOrDefault(other, Set.of()).contains(one.getKey()));
            largest = knot.size() > largest.size() ? knot : largest;
        }
        return largest;
    }

    private static Set<String> reachedFrom(String start, Map<String, Set<String>> uses) {
        Set<String> reached = new TreeSet<>(Set.of(start));
        Deque<String> todo = new ArrayDeque<>(reached);
        while (!todo.isEmpty()) {
            for (String next : uses.getOrDefault(todo.remove(), Set.of())) {
                if (reached.add(next)) {
                    todo.add(next);
                }
            }
        }
        return reached;
    }

    /** A longer file asks which noun is missing. The list may only shrink, and what is on it may not grow. */
    @Test
    void fewFilesAreLongerThanFourHundredLines() throws IOException {
        Map<String, Integer> tooLong = new TreeMap<>();
        for (Path file : sources()) {
            int lines = (int) Files.readAllLines(file).stream()
                    .filter(line -> !line.startsWith("import "))
                    .count();
            if (lines > 400) {
                tooLong.put(SOURCES.relativize(file).toString().replace(".java", ""), lines);
            }
        }
        assertThat(tooLong).containsOnlyKeys(LONG_FILES.keySet());
        assertThat(tooLong)
                .allSatisfy((file, lines) -> assertThat(lines).as(file).isLessThanOrEqualTo(LONG_FILES.get(file)));
    }

    /**
     * Who locks what belongs to another class must know that one's rules and the order of all locks. A lock is this object
     * or a field that this class has made; what it guards and others may use is had through a door of the class, as the
     * {@code SiteState} is, so that the compiler sees that the lock is held.
     */
    @Test
    void nobodyTakesTheLockOfAnother() throws IOException {
        List<String> taken = new ArrayList<>();
        for (Path file : sources()) {
            String text = Files.readString(file);
            String ownClass = file.getFileName().toString().replace(".java", ".class");
            SYNCHRONIZED
                    .matcher(text)
                    .results()
                    .map(found -> found.group(1))
                    .filter(lock -> !lock.equals("this") && !lock.endsWith(".this") && !lock.equals(ownClass))
                    .filter(lock -> !Pattern.compile("private (static )?final [^;=]* " + Pattern.quote(lock) + "\\s*=")
                            .matcher(text)
                            .find())
                    .forEach(lock -> taken.add(SOURCES.relativize(file) + ": " + lock));
        }
        assertThat(taken).isEmpty();
    }

    /** What is within is for as long as one is: whoever kept it could use it without the lock. */
    @Test
    void whatADoorHandsOutIsKeptOnlyByWhatIsMadeWithin() {
        Map<String, Set<String>> keepers = new TreeMap<>();
        for (JavaClass one : postern) {
            one.getFields().stream()
                    .map(field -> field.getRawType().getName())
                    .filter(BEHIND_DOORS::containsKey)
                    .forEach(state -> keepers.computeIfAbsent(state, first -> new TreeSet<>())
                            .add(topLevel(one)));
        }
        assertThat(keepers).isEqualTo(BEHIND_DOORS);
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> tree = Files.walk(SOURCES)) {
            return tree.filter(path -> path.toString().endsWith(".java"))
                    .sorted()
                    .toList();
        }
    }

    @TestFactory
    Stream<DynamicTest> requestPathMeetsTheCertificatesWhereTheyAreServedOnly() {
        return ON_THE_WAY_OF_A_REQUEST.stream()
                .map(name -> DynamicTest.dynamicTest(
                        name,
                        () -> noClasses()
                                .that()
                                .resideInAPackage(inside(name))
                                .should()
                                .dependOnClassesThat(resideInAPackage(inside("certificate"))
                                        .and(not(resideInAPackage(alone("certificate.served")))))
                                .because("a renewal never touches a channel, a request never waits for a CA")
                                .check(postern)));
    }

    @Test
    void timeIsAParameter() {
        noClasses()
                .that()
                .resideOutsideOfPackages(inside("app"), inside("cli"))
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(Clock.class, "systemUTC")
                .orShould()
                .callMethod(Clock.class, "systemDefaultZone")
                .orShould()
                .callMethod(InstantSource.class, "system")
                .orShould()
                .callMethod(LocalDate.class, "now")
                .orShould()
                .callMethod(LocalDateTime.class, "now")
                .orShould()
                .callMethod(OffsetDateTime.class, "now")
                .orShould()
                .callMethod(ZonedDateTime.class, "now")
                .orShould()
                .callConstructor(Date.class)
                .orShould()
                .callMethod(X509Certificate.class, "checkValidity")
                .because("tests move the time by hand: take an InstantSource (nanoTime is fine for what only elapses)")
                .check(postern);
    }

    @Test
    void threadsComeFromApp() {
        noClasses()
                .that()
                .resideOutsideOfPackages(inside("app"), inside("cli"))
                .should()
                .callConstructor(Thread.class)
                .orShould()
                .callConstructor(Thread.class, Runnable.class)
                .orShould()
                .callConstructor(Thread.class, String.class)
                .orShould()
                .callConstructor(Thread.class, Runnable.class, String.class)
                .because("who starts a thread must stop it: app hands out executors and shuts them down")
                .check(postern);
    }

    @Test
    void nobodySleeps() {
        noClasses()
                .that()
                .resideOutsideOfPackages(inside("app"), inside("cli"))
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(Thread.class, "sleep", long.class, int.class)
                .because("a wait is a timer of the event loop or the scheduler, or a condition with a deadline")
                .check(postern);
    }

    @Test
    void testsDoNotSleepEither() {
        noClasses()
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(Thread.class, "sleep", long.class, int.class)
                .because("time is moved by hand; where a socket needs real time, Awaitility waits for the condition")
                .check(tests);
    }

    @Test
    void onlyMainEndsTheProcess() {
        noClasses()
                .that()
                .resideOutsideOfPackage(inside("cli"))
                .should()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "exit", int.class)
                .because("how a command ends is decided once, as an exit code")
                .check(postern);
    }

    @TestFactory
    Stream<DynamicTest> namesSayWhatATypeIs() {
        return BANNED_SUFFIXES.stream()
                .map(suffix -> DynamicTest.dynamicTest(
                        suffix,
                        () -> noClasses()
                                .should()
                                .haveSimpleNameEndingWith(suffix)
                                .because("a name is a noun of the trade; one that ends so asks which noun is missing")
                                .check(postern)));
    }

    @Test
    void everyPackageIsNullMarked() throws IOException {
        try (Stream<Path> tree = Files.walk(Path.of("src/main/java"))) {
            List<Path> packages = tree.filter(path -> path.toString().endsWith(".java"))
                    .map(Path::getParent)
                    .distinct()
                    .toList();
            assertThat(packages)
                    .isNotEmpty()
                    .allSatisfy(folder -> assertThat(folder.resolve("package-info.java"))
                            .content()
                            .contains("@NullMarked\npackage "));
        }
    }

    private static String alone(String name) {
        return BASE + "." + name;
    }

    private static String[] alone(Set<String> names) {
        return names.stream().map(ArchitectureTest::alone).toArray(String[]::new);
    }

    private static String inside(String name) {
        return BASE + "." + name + "..";
    }

    private static String[] inside(Set<String> names) {
        return names.stream().map(ArchitectureTest::inside).toArray(String[]::new);
    }
}
