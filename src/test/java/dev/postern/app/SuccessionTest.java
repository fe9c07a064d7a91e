package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import org.junit.jupiter.api.Test;

class SuccessionTest {
    private final Succession succession = new Succession((request, progress) -> new JsonObject(), pid -> {});

    /** Whose end nobody could be told of: nothing would ever be renewed again. */
    @Test
    void nobodyReplacesItself() {
        long own = ProcessHandle.current().pid();
        JsonObject request =
                ControlRequest.of("replace").with("process", Long.toString(own)).json();

        assertThatThrownBy(() -> succession.run(request, line -> {}))
                .isInstanceOf(ControlFailure.class)
                .hasMessage("process: " + own + " is this one (expected: the one that replaces it)");
    }
}
