package dev.postern.admin;

import dev.postern.admin.OperatorActions.Outcome;
import dev.postern.http.step.ServePages;
import org.jspecify.annotations.Nullable;

/**
 * Who looks at a page, and what operators have done.
 *
 * @param mayLogIn whether there are operators at all
 * @param name of the one who looks; null for somebody who may look only
 * @param last what came of the last action; null where there was none
 */
record Operators(
        boolean mayLogIn, @Nullable String name, @Nullable Outcome last) {
    /** Whether whoever looks gets buttons. */
    boolean mayAct() {
        return name != null;
    }

    /** Where the first page of whoever looks is. */
    String home() {
        return mayAct() ? ServePages.OPERATOR : "/";
    }

    /** A button that posts, where whoever looks may. */
    void button(Markup page, String label, String target, String about) {
        if (mayAct()) {
            page.open("form", "method", "post", "action", target);
            page.element("button", label, "type", "submit", "aria-label", label + " " + about)
                    .close();
        }
    }
}
