package dev.postern.control;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.certificate.care.Shown;
import dev.postern.certificate.issuer.IssuerAccount;
import dev.postern.certificate.policy.SitePlan;
import dev.postern.time.TimeText;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What commands print with {@code --json}. Part of the contract with scripts: keys may be added, none is renamed. What is
 * not known is left out; instants are UTC, to the second.
 */
public final class CertificateJson {
    private CertificateJson() {}

    public static JsonObject of(CertificateStatus status) {
        JsonObject json = new JsonObject();
        json.addProperty("site", status.site());
        json.add("names", texts(status.names()));
        text(json, "issuer", status.issuer());
        instant(json, "not-before", status.notBefore());
        instant(json, "not-after", status.notAfter());
        instant(json, "next-renewal", status.nextRenewal());
        text(json, "last-failure", status.lastFailure());
        CertificateStatus.Served served = status.served();
        if (served.answer() != CertificateStatus.Served.Answer.NOT_ASKED) {
            json.addProperty("served", served.answer() == CertificateStatus.Served.Answer.YES);
        }
        text(json, "not-served-because", served.why());
        text(json, "not-on-disk-because", status.notOnDiskBecause());
        Shown shown = status.shown();
        if (shown != null) {
            if (shown.standIn() != null) {
                instant(json, "stand-in-until", shown.standIn().notAfter());
            }
            if (!shown.refused().isEmpty()) {
                json.add("refused", texts(shown.refused()));
            }
        }
        if (!status.leftOut().isEmpty()) {
            JsonArray all = new JsonArray();
            for (CertificateStatus.LeftOut leftOut : status.leftOut()) {
                JsonObject one = new JsonObject();
                one.addProperty("name", leftOut.name());
                instant(one, "since", leftOut.since());
                instant(one, "next-try", leftOut.nextTry());
                one.addProperty("because", leftOut.because());
                instant(one, "served-until", leftOut.servedUntil());
                all.add(one);
            }
            json.add("left-out", all);
        }
        return json;
    }

    static JsonObject of(SitePlan plan) {
        JsonObject json = new JsonObject();
        json.addProperty("site", plan.site());
        text(json, "issuer", plan.issuer());
        instant(json, "due", plan.due());
        instant(json, "next-attempt", plan.nextAttempt());
        json.addProperty("reason", plan.reason());
        JsonArray budgets = new JsonArray();
        for (SitePlan.Budget budget : plan.budgets()) {
            JsonObject one = new JsonObject();
            one.addProperty("limit", budget.limit());
            one.addProperty("of", budget.of());
            one.addProperty("left", budget.left());
            one.addProperty("max", budget.max());
            instant(one, "next-at", budget.nextAt());
            budgets.add(one);
        }
        json.add("budgets", budgets);
        return json;
    }

    static JsonObject of(IssuerAccount.State account) {
        JsonObject json = new JsonObject();
        json.addProperty("issuer", account.issuer());
        json.addProperty("directory", account.directory());
        text(json, "url", account.url());
        json.add("contacts", texts(account.contacts()));
        text(json, "status", account.status());
        return json;
    }

    static JsonArray texts(List<String> values) {
        JsonArray array = new JsonArray();
        values.forEach(array::add);
        return array;
    }

    private static void text(JsonObject json, String key, @Nullable String value) {
        if (value != null) {
            json.addProperty(key, value);
        }
    }

    // What lies beyond the years that people count, such as Instant.MIN for "always", is not told.
    private static void instant(JsonObject json, String key, @Nullable Instant value) {
        if (value != null
                && value.isAfter(Instant.EPOCH)
                && value.isBefore(Instant.EPOCH.plusSeconds(253_402_300_799L))) {
            json.addProperty(key, TimeText.at(value));
        }
    }
}
