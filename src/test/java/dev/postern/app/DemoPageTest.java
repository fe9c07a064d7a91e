package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.Chromium;
import dev.postern.testing.FreePorts;
import dev.postern.testing.PosternProcess;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of {@code postern demo} in a real browser, and somebody who clicks. */
@Tag("long")
class DemoPageTest {
    private static final int HTTPS = FreePorts.next();
    private static final String URL = "https://localhost:" + HTTPS + "/";
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    static Path directory;

    private static PosternProcess demo;

    @BeforeAll
    static void startDemo() {
        // Renewed every ten seconds, and not every two minutes.
        demo = PosternProcess.start(
                directory,
                "demo",
                "--http",
                Integer.toString(FreePorts.next()),
                "--https",
                Integer.toString(HTTPS),
                "--life",
                "20s");
        demo.awaitLine("ready: " + URL);
    }

    @AfterAll
    static void stopDemo() {
        demo.close();
    }

    @Test
    void serverIsStoppedAndStarted_andNoRequestFails_andTheWebSocketOutlivesARenewal() throws Exception {
        try (Chromium page = Chromium.open(directory.resolve("chromium"), URL)) {
            awaitOn(page, "asked.textContent > 3");
            assertThat(lastColours(page, 4)).containsExactly("blue", "green");
            awaitOn(page, "socket.dataset.messages > 0");
            String mine = page.value("/with (blue|green)/.exec(socket.textContent)[1]");
            String other = mine.equals("blue") ? "green" : "blue";
            awaitOn(page, "serial.textContent.length > 10");
            String serial = page.value("serial.textContent");

            // Not the one that the WebSocket is with.
            page.value("document.querySelector('#" + other + " .stop').click()");
            awaitOn(page, "/Stopped. For the edge (refusing|down)/.test(" + other + ".textContent)");
            String stopped = page.value("document.querySelectorAll('#answers ." + other + "').length");
            String asked = page.value("asked.textContent");
            awaitOn(page, "asked.textContent > " + asked + " + 4");
            assertThat(lastColours(page, 4)).containsExactly(mine);
            assertThat(page.value("document.querySelectorAll('#answers ." + other + "').length"))
                    .isEqualTo(stopped);
            awaitOn(page, "/For the edge down, health check: connect: refused/.test(" + other + ".textContent)");

            page.value("document.querySelector('#" + other + " .start').click()");
            awaitOn(page, "/Running. For the edge up/.test(" + other + ".textContent)");
            String before = page.value("document.querySelectorAll('#answers ." + other + "').length");
            awaitOn(page, "document.querySelectorAll('#answers ." + other + "').length > " + before);

            awaitOn(page, "serial.textContent !== '" + serial + "'");
            awaitOn(page, "/A new one came at/.test(renewed.textContent)");
            String told = page.value("socket.dataset.messages");
            awaitOn(page, "socket.dataset.messages > " + told);
            awaitOn(page, "/opened before the last renewal/.test(socket.textContent)");
            assertThat(page.value("socket.dataset.opened")).isEqualTo("1");
            assertThat(page.value("failed.textContent")).isEqualTo("0");
            assertThat(page.value("problem.textContent")).isEmpty();
            assertThat(page.value("document.querySelector('a[target]').href"))
                    .isEqualTo(demo.awaitLine("status: ").substring("status: ".length()));

            // Whose server is stopped has to come again; nobody else notices.
            page.value("document.querySelector('#" + mine + " .stop').click()");
            awaitOn(page, "socket.dataset.opened === '2' && / with " + other + " /.test(socket.textContent)");
            assertThat(page.value("failed.textContent")).isEqualTo("0");

            // Both: the edge says so, and the page is there to start them again, loaded anew.
            page.value("document.querySelector('#" + other + " .stop').click()");
            awaitOn(page, "failed.textContent > 0");
            page.value("location.reload()");
            awaitOn(
                    page,
                    "document.readyState === 'complete' && !!document.querySelector('#" + mine
                            + ".stopped .start:enabled')");
            page.value("document.querySelector('#" + mine + " .start').click()");
            awaitOn(page, "document.querySelectorAll('#answers ." + mine + "').length > 2");
            page.value("document.querySelector('#" + other + " .start').click()");
            awaitOn(page, "document.querySelectorAll('#answers ." + other + "').length > 2");
        }
    }

    @Test
    void axeFindsNothingWrong() throws Exception {
        for (List<String> how : List.of(
                List.of("--window-size=1280,900"),
                List.of("--window-size=390,844"),
                List.of("--window-size=1280,900", "--blink-settings=preferredColorScheme=0"))) {
            try (Chromium page =
                    Chromium.open(directory.resolve("axe" + how.hashCode()), URL, how.toArray(String[]::new))) {
                awaitOn(page, "asked.textContent > 0");
                page.value("(() => {" + axeCore() + "})()");
                assertThat(
                                page.value(
                                        "axe.run({ runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice'] })"
                                                + ".then(r => r.violations.map(v => v.id + ' ' + v.nodes.map(n => n.target).join(' ')).join('; '))"))
                        .as(how.toString())
                        .isEmpty();
                assertThat(page.value("document.documentElement.scrollWidth <= innerWidth"))
                        .as("nothing is wider than the window: " + how)
                        .isEqualTo("true");
            }
        }
    }

    private static String axeCore() throws Exception {
        try (InputStream in = DemoPageTest.class.getResourceAsStream("/axe.min.js")) {
            return new String(Objects.requireNonNull(in, "axe-core").readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static Set<String> lastColours(Chromium page, int number) {
        return new TreeSet<>(Arrays.asList(page.value("[...document.querySelectorAll('#answers i')].slice(-" + number
                        + ").map(i => i.className).join(' ')")
                .split(" ")));
    }

    /** Ids are variables of a page; until they are there the expression fails, which is no answer. */
    private static void awaitOn(Chromium page, String expression) {
        await(expression)
                .atMost(PATIENCE)
                .pollInterval(100, TimeUnit.MILLISECONDS)
                .until(() -> page.value("(() => { try { return " + expression + " } catch (e) { return false } })()")
                        .equals("true"));
    }
}
