package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What an operator sees of the simulation; what it proves is in the tests of its own package. */
class CertificateSimulateCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        String[] words = new String[arguments.length + 2];
        words[0] = "cert";
        words[1] = "simulate";
        System.arraycopy(arguments, 0, words, 2, arguments.length);
        return Main.run(words, new Console(new PrintWriter(out, true), new PrintWriter(err, true)), Map.of());
    }

    @Test
    void outageOfThreeDaysIsSurvivedAndSaid() {
        assertThat(run("--days", "400", "--outage", "3d")).isEqualTo(0);

        assertThat(out.toString().lines())
                .satisfiesExactly(
                        line -> assertThat(line)
                                .isEqualTo(
                                        "simulated        400 days of 1 site, certificates of 90d, faults: none, seed 1"),
                        line -> assertThat(line).matches("certificates     7, from 7 orders and [0-9]+ requests"),
                        line -> assertThat(line).isEqualTo("restarts         0 after a crash"),
                        line -> assertThat(line).isEqualTo("rate limits      never reached"),
                        line -> assertThat(line).matches("least life left  2[5-9]\\.[0-9] days \\((2[89]|3[0-3]) %\\)"),
                        line -> assertThat(line).isEqualTo("longest outage   3.0 days without any CA, survived"),
                        line -> assertThat(line).isEqualTo("expired          never"));
        assertThat(err).hasToString("");
    }

    @Test
    void outageThatOutlastsTheCertificateEndsWith1AndSaysHowLongTheSiteWasWithout() {
        assertThat(run("--days", "120", "--outage", "40d")).isEqualTo(1);

        assertThat(out.toString())
                .contains("longest outage   40.0 days without any CA\n")
                .containsPattern("expired          site-1\\.example on 2027-0[34]-[0-9T:]+Z, without a certificate for"
                        + " [0-9]\\.[0-9] days\n")
                .doesNotContain("a bug");
    }

    @Test
    void jsonHasTheSameForPrograms() {
        assertThat(run(
                        "--days",
                        "100",
                        "--sites",
                        "2",
                        "--lifetime",
                        "45d",
                        "--faults",
                        "many",
                        "--seed",
                        "5",
                        "--json"))
                .isEqualTo(0);

        JsonObject json = JsonParser.parseString(out.toString()).getAsJsonObject();
        assertThat(json.get("seed").getAsLong()).isEqualTo(5);
        assertThat(json.get("days").getAsInt()).isEqualTo(100);
        assertThat(json.get("sites").getAsInt()).isEqualTo(2);
        assertThat(json.get("lifetime").getAsString()).isEqualTo("45d");
        assertThat(json.get("faults").getAsString()).isEqualTo("many");
        assertThat(json.get("certificates").getAsInt()).isBetween(6, 10);
        assertThat(json.get("crashes").getAsInt()).isPositive();
        assertThat(json.get("rate-limits-reached").getAsInt()).isZero();
        assertThat(json.getAsJsonArray("gaps")).isEmpty();
        assertThat(json.has("bug")).isFalse();
    }

    @Test
    void whatCannotBeSimulatedEndsWith64AndSaysWhatCan() {
        assertThat(run("--lifetime", "2h")).isEqualTo(64);
        assertThat(run("--faults", "all")).isEqualTo(64);
        assertThat(run("--days", "0")).isEqualTo(64);
        assertThat(run("--outage", "soon")).isEqualTo(64);

        assertThat(err.toString())
                .contains("--lifetime: 2h (expected: at least 12h)")
                .contains("--faults: \"all\" (expected: none, some or many)")
                .contains("--days: 0 (expected: 1 to 36500)")
                .contains("--outage: \"soon\" (expected: a time such as 12h or 3d)");
    }
}
