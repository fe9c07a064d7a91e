package dev.postern.http.exchange;

import dev.postern.balance.Affinity;
import dev.postern.http.message.RequestCookies;
import dev.postern.http.message.RequestHead;
import java.net.InetAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What of a request its server is chosen by. Made only where the algorithm asks for it. */
final class RequestAffinity implements Affinity {
    private final RequestHead request;
    private final Requester requester;

    /** @param request as the client sent it; what the server is sent may lack the cookie */
    RequestAffinity(RequestHead request, Requester requester) {
        this.request = request;
        this.requester = requester;
    }

    @Override
    public InetAddress clientAddress() {
        return requester.address();
    }

    @Override
    public String target() {
        return request.target().normalText();
    }

    @Override
    public @Nullable String header(String name) {
        int field = request.fields().find(name.toLowerCase(Locale.ROOT), 0);
        return field < 0 ? null : request.fields().value(field);
    }

    @Override
    public @Nullable String cookie(String name) {
        return RequestCookies.find(request.fields(), name);
    }
}
