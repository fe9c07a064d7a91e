package dev.postern.http;

import dev.postern.balance.Affinity;
import java.net.InetAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What of a request its server is chosen by. Made only where the algorithm asks for it. */
final class RequestAffinity implements Affinity {
    private final Exchange exchange;

    RequestAffinity(Exchange exchange) {
        this.exchange = exchange;
    }

    @Override
    public InetAddress clientAddress() {
        return exchange.clientAddress();
    }

    @Override
    public String target() {
        return exchange.request().target().normalText();
    }

    @Override
    public @Nullable String header(String name) {
        Fields fields = exchange.request().fields();
        String lower = name.toLowerCase(Locale.ROOT);
        for (int i = 0; i < fields.count(); i++) {
            if (FieldName.equalsIgnoreCase(fields.bytes(), fields.nameFrom(i), fields.nameTo(i), lower)) {
                return fields.value(i);
            }
        }
        return null;
    }

    @Override
    public @Nullable String cookie(String name) {
        return null;
    }
}
