package dev.postern.certificate.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.testing.HandClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** That the contract can be kept without files, by several holders at once, and that it is noticed where it is not. */
class MemoryStoreTest extends StoreContractTest {
    private final HandClock clock = new HandClock(Instant.parse("2026-11-01T12:00:00Z"));
    private MemoryStore.Place place = new MemoryStore.Place(clock, Set.of());

    @Override
    Store openAnother() {
        MemoryStore store = new MemoryStore(place);
        store.openToWrite();
        return store;
    }

    @Override
    void outlive(Store holder) {
        clock.advance(MemoryStore.TERM);
    }

    /** There are none; the clock says it. */
    @Override
    void sweepMarks(Store holder) {
        outlive(holder);
    }

    @Override
    void crashBeforeCurrent(String site) {
        place.crashBeforeCurrent(site);
    }

    @Test
    void leaseEndsByTheClockOfTheStoreAndIsKeptByTakingItAgain() throws Exception {
        SiteStore first = openAnother().site("example.com");
        SiteStore second = openAnother().site("example.com");
        Lease lease = first.lead();
        clock.advance(MemoryStore.TERM.minusSeconds(1));
        assertThat(first.lead().token()).isEqualTo(lease.token());
        clock.advance(Duration.ofSeconds(1));
        assertThatThrownBy(second::lead).isInstanceOf(NotLeader.class);

        clock.advance(MemoryStore.TERM);
        // Nobody has taken it meanwhile.
        lease.require();
        assertThat(second.lead().token()).isGreaterThan(lease.token());
        assertThatThrownBy(lease::require).isInstanceOf(NotLeader.class);
        assertThatThrownBy(first::lead).isInstanceOf(NotLeader.class);
    }

    @Test
    void leaseOfOneSiteIsNoneOfAnother() throws Exception {
        Lease lease = openAnother().site("example.com").lead();
        Lease other = openAnother().site("example.org").lead();

        lease.require();
        other.require();
    }

    private interface Rule {
        void check(MemoryStoreTest contract) throws Exception;
    }

    private static final Map<MemoryStore.Defect, Rule> NOTICED = Map.ofEntries(
            Map.entry(MemoryStore.Defect.TOKEN_FORGOTTEN, StoreContractTest::staleTokenChangesNothing),
            Map.entry(MemoryStore.Defect.TOKEN_STAYS_THE_SAME, StoreContractTest::tokenGrowsWithEachHolder),
            Map.entry(MemoryStore.Defect.EVERYBODY_LEADS, StoreContractTest::oneHolderLeadsAtATime),
            Map.entry(MemoryStore.Defect.LEASE_NEVER_ENDS, StoreContractTest::staleTokenChangesNothing),
            Map.entry(
                    MemoryStore.Defect.NOTHING_IS_LEFT_AFTER_A_RESTART,
                    StoreContractTest::everythingIsThereAfterARestart),
            Map.entry(
                    MemoryStore.Defect.ANY_ORDER_IS_CLEARED,
                    StoreContractTest::orderHasItsKeyBeforeItIsFinalizedAndIsForgottenAlone),
            Map.entry(
                    MemoryStore.Defect.CRASH_IS_NOT_MADE_GOOD,
                    StoreContractTest::installationThatACrashInterruptedIsFinished),
            Map.entry(MemoryStore.Defect.ANY_TOKEN_IS_TAKEN, StoreContractTest::whatIsNoTokenIsRefusedAndNeverFound),
            Map.entry(MemoryStore.Defect.WHAT_IS_OVER_IS_FOUND, StoreContractTest::challengeEndsAndIsSwept),
            Map.entry(
                    MemoryStore.Defect.CHALLENGE_STAYS,
                    StoreContractTest::challengeIsFoundByEveryHolderUntilItIsWithdrawn));

    @ParameterizedTest
    @EnumSource
    void contractNotices(MemoryStore.Defect defect) throws Exception {
        Rule rule = Objects.requireNonNull(NOTICED.get(defect));
        MemoryStoreTest sound = new MemoryStoreTest();
        rule.check(sound);
        MemoryStoreTest defective = new MemoryStoreTest();
        defective.place = new MemoryStore.Place(defective.clock, Set.of(defect));

        assertThatThrownBy(() -> rule.check(defective))
                .isInstanceOfAny(AssertionError.class, NotLeader.class, NoSuchElementException.class);
    }
}
