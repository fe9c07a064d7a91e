package dev.postern.simulation;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeFaults;
import dev.postern.ca.acme.AcmeLimits;
import dev.postern.ca.acme.AcmeOptions;
import dev.postern.ca.acme.AcmeProfile;
import dev.postern.ca.acme.AcmeReply;
import dev.postern.ca.acme.AcmeRequest;
import dev.postern.ca.acme.AcmeService;
import dev.postern.ca.acme.Fault;
import dev.postern.ca.acme.Problem;
import dev.postern.ca.acme.ProblemType;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** A public CA: {@link AcmeService}, called in the process, with a clock that is always right. */
final class SimulatedCa {
    /** As Let's Encrypt dates its certificates back, for clients whose clock is behind. */
    static final Duration BACKDATE = Duration.ofHours(1);

    private static final Duration QUICK = Duration.ofMillis(100);
    private static final Duration SLOW = Duration.ofMillis(900);
    private static final Duration SLOWEST = Duration.ofSeconds(20);

    /** One in so many validations, and issuances, is slow. */
    private static final int SLOW_ONES = 20;

    private final String name;
    private final World world;
    private final RandomGenerator random;
    private final InternalCa ca;
    private final boolean isForReal;
    private final AcmeOptions options;
    private final Witness witness;
    private final AcmeService service;

    /** What a validator sees when it comes to a site. */
    interface Sites {
        /** Empty where the proof is there; else what the validator says. */
        Optional<String> look(String siteName, String token, String keyAuthorization);
    }

    /** @param isForReal false for a staging directory: nothing of what it issues can be lost */
    SimulatedCa(String name, boolean isForReal, World world, Scenario scenario, Sites sites, Witness witness)
            throws IOException {
        this.name = name;
        this.world = world;
        this.random = world.random();
        this.witness = witness;
        this.isForReal = isForReal;
        SecureRandom secrets = seeded(world.random());
        // A disk of its own, on which nothing ever goes wrong.
        Path folder = GatedFileSystem.through(new SimulatedDisk(true), (step, path) -> {}, "/ca");
        this.ca = InternalCa.open(folder, world::instant, secrets, new InternalCa.Shape(1, 0, BACKDATE));
        this.options = new AcmeOptions(this::later, world::instant, secrets)
                .certificateValidity(scenario.lifetime().minus(BACKDATE))
                .authorizations(
                        random.nextInt(4) == 0 ? AcmeOptions.Authorizations.FRESH : AcmeOptions.Authorizations.REUSED)
                .finalization(random.nextInt(4) > 0 ? AcmeOptions.Finalization.AT_ONCE : AcmeOptions.Finalization.LATER)
                .retryAfter(Duration.ofSeconds(1 + random.nextInt(3)))
                .trustSignatures()
                .renewalInfo(scenario.renewalInformation())
                .renewalInfoRetryAfter(Duration.ofHours(24))
                .profiles(profiles(scenario))
                .limits(isForReal ? AcmeLimits.likeLetsEncrypt(SimulatedCa::registeredDomain) : AcmeLimits.NONE)
                .faults(faults(scenario.faults().requests()))
                .validator((wanted, finding) -> {
                    world.after(
                            aMoment(),
                            () -> finding.accept(sites.look(wanted.name(), wanted.token(), wanted.keyAuthorization())
                                    .map(SimulatedCa::problem)));
                });
        this.service = AcmeService.open(ca, base(name), options);
    }

    /** Where orders name a profile, one that names none gets something else. */
    private static Map<String, AcmeProfile> profiles(Scenario scenario) {
        String wanted = scenario.profile();
        return wanted == null
                ? Map.of()
                : Map.of(
                        "classic",
                        new AcmeProfile("for those who name none", Duration.ofDays(30), BACKDATE),
                        wanted,
                        new AcmeProfile("what we order", scenario.lifetime(), BACKDATE));
    }

    /** What a CA does that no network does. */
    private AcmeFaults faults(double chance) {
        AcmeFaults faults = new AcmeFaults(world.random());
        if (chance > 0) {
            faults.onEveryRequest(Fault.badNonce()).chance(chance);
            faults.on(AcmeRequest.NEW_ORDER, Fault.alreadyReplaced()).chance(chance);
            faults.on(AcmeRequest.FINALIZE, Fault.orderNotReady()).chance(chance);
            faults.on(AcmeRequest.FINALIZE, new Fault.Stick(40)).chance(chance);
            faults.onEveryRequest(Fault.page()).chance(chance / 4);
        }
        return faults;
    }

    private static String registeredDomain(String name) {
        int dot = name.lastIndexOf('.', name.lastIndexOf('.') - 1);
        return name.substring(dot + 1);
    }

    /** How often one of its rate limits was reached. */
    long refused() {
        return service.refusals().getOrDefault(ProblemType.RATE_LIMITED, 0L);
    }

    private static Problem problem(String detail) {
        return Problem.of(ProblemType.CONNECTION, detail);
    }

    /** The same seed gives the same serials, tokens and URLs, which are in the history. */
    private static SecureRandom seeded(RandomGenerator random) {
        try {
            SecureRandom secrets = SecureRandom.getInstance("SHA1PRNG");
            secrets.setSeed(random.nextLong());
            return secrets;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("a JDK without SHA1PRNG", e);
        }
    }

    private void later(Runnable task) {
        world.after(aMoment(), task);
    }

    private Duration aMoment() {
        Duration most = random.nextInt(SLOW_ONES) == 0 ? SLOWEST : SLOW;
        return Duration.ofMillis(random.nextLong(QUICK.toMillis(), most.toMillis()));
    }

    static URI base(String name) {
        return URI.create("https://" + name + ".ca.example");
    }

    /** The name of an issuer's staging directory. */
    static String staging(String issuer) {
        return issuer + "-staging";
    }

    static URI directory(String name) {
        return base(name).resolve("/directory");
    }

    String name() {
        return name;
    }

    boolean isForReal() {
        return isForReal;
    }

    void changeTerms() {
        service.changeTerms();
    }

    /** The operator did, at the URL that the CA names. */
    void agreeToTerms() throws IOException {
        service.agreeToTerms();
    }

    /** As a CA that lost its database. */
    void forgetAccounts() throws IOException {
        service.forgetAccounts();
    }

    AcmeReply answer(String method, URI target, Map<String, String> headers, byte[] body) {
        AcmeReply reply = service.answer(method, target.getRawPath(), headers, body);
        String path = target.getPath();
        if (!isForReal) {
            return reply;
        }
        if (path.endsWith("/finalize") && reply.status() == 200) {
            JsonObject order = JsonParser.parseString(reply.body()).getAsJsonObject();
            String site = order.getAsJsonArray("identifiers")
                    .get(0)
                    .getAsJsonObject()
                    .get("value")
                    .getAsString();
            String url = target.toString();
            witness.isFinalized(this, site, url.substring(0, url.length() - "/finalize".length()));
        } else if (path.startsWith("/order/") && reply.status() == 404) {
            witness.isGone(target.toString());
        } else if (path.startsWith("/order/") && reply.body().contains("\"processing\"")) {
            JsonObject order = JsonParser.parseString(reply.body()).getAsJsonObject();
            if (Instant.parse(order.get("expires").getAsString()).isBefore(world.instant())) {
                witness.isStuck(target.toString());
            }
        }
        return reply;
    }
}
