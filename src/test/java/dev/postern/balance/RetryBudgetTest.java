package dev.postern.balance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {
    @Test
    void retriesAreAtMostAFifthOfTheExchangesAndTen() {
        RetryBudget budget = new RetryBudget();
        int retries = 0;

        for (int exchanges = 1; exchanges <= 10_000; exchanges++) {
            budget.earn(20);
            retries += budget.spend() ? 1 : 0;
            assertThat(retries).isLessThanOrEqualTo(RetryBudget.FIRST + exchanges / 5);
        }

        assertThat(retries).isEqualTo(RetryBudget.FIRST + 10_000 / 5);
    }

    @Test
    void firstExchangesOfAllMayBeRetried() {
        RetryBudget budget = new RetryBudget();

        budget.earn(1);

        for (int i = 0; i < RetryBudget.FIRST; i++) {
            assertThat(budget.spend()).isTrue();
        }
        assertThat(budget.spend()).isFalse();
        budget.giveBack();
        assertThat(budget.spend()).isTrue();
    }

    @Test
    void longQuietDoesNotSaveUpAStorm() {
        RetryBudget budget = new RetryBudget();
        for (int i = 0; i < 1_000_000; i++) {
            budget.earn(1 + new Random(i).nextInt(100));
        }

        int retries = 0;
        while (budget.spend()) {
            retries++;
        }

        assertThat(retries).isLessThanOrEqualTo(101);
    }
}
