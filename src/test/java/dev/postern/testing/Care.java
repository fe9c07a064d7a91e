package dev.postern.testing;

import dev.postern.certificate.care.CertificateEvents;
import dev.postern.certificate.care.Renewals;
import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.served.ChallengeTable;
import dev.postern.certificate.served.Http01Solver;
import dev.postern.certificate.served.ServedCertificates;
import dev.postern.certificate.store.Store;
import dev.postern.config.KeyType;
import dev.postern.schedule.Schedule;
import dev.postern.time.Clocks;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;

/** What the care of certificates needs around it, with nothing special about it. */
public final class Care {
    /** There are no listeners to be asked. */
    public static final ServedCertificates NOTHING_SERVED = name -> {
        throw new IOException("no listener");
    };

    private Care() {}

    public static Renewals.Surroundings surroundings(
            Store store, CertificateTable table, InstantSource clock, ExecutorService orders) {
        return new Renewals.Surroundings(
                store,
                table,
                site -> List.of(new Http01Solver(new ChallengeTable())),
                new Clocks(clock, MonotonicClock.SYSTEM),
                new SplittableRandom(1),
                orders,
                CertificateEvents.NONE);
    }

    public static Renewals.Surroundings surroundings(
            Store store,
            CertificateTable table,
            ChallengeTable challenges,
            InstantSource clock,
            ExecutorService orders) {
        Renewals.Surroundings plain = surroundings(store, table, clock, orders);
        return new Renewals.Surroundings(
                plain.store(),
                plain.table(),
                site -> List.of(new Http01Solver(challenges)),
                plain.clocks(),
                plain.random(),
                plain.orders(),
                plain.events());
    }

    /** With nothing to do but the sweep. */
    public static void start(Schedule schedule, Renewals renewals, InstantSource clock) {
        schedule.start(renewals, NOTHING_SERVED, clock, Map.of(), Runnable::run, new SplittableRandom());
    }

    /** HTTP-01 through this table. */
    public static CertificateRequest request(ChallengeTable challenges, KeyType keyType, String... names) {
        return new CertificateRequest(names[0], List.of(names), keyType, List.of(new Http01Solver(challenges)), null);
    }

    public static CertificateRequest request(ChallengeTable challenges, String... names) {
        return request(challenges, KeyType.EC_P256, names);
    }
}
