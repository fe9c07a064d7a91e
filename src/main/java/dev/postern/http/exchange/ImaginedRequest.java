package dev.postern.http.exchange;

import dev.postern.balance.Affinity;
import dev.postern.config.ForwardAuth;
import dev.postern.config.Placeholder;
import dev.postern.config.Tolerance;
import dev.postern.config.Variable;
import dev.postern.http.message.BadMessage;
import dev.postern.http.message.HeadParser;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.RequestHead;
import dev.postern.route.Route;
import dev.postern.route.SiteRoutes;
import dev.postern.wire.Endpoints;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A request that nobody has made, to see what would become of it. One thread. */
public final class ImaginedRequest implements OutgoingRequest {
    private RequestHead request;
    private final Client client;
    private final Requester requester;
    private final HeadWriter writer = new HeadWriter();
    private @Nullable Route route;
    private @Nullable String sentHost;
    private int leftOut;

    private ImaginedRequest(Client client, RequestHead request) {
        this.client = client;
        this.request = request;
        this.requester = new Requester(client, request);
    }

    /**
     * Reads a head as one that a client of HTTP/1.1 has sent.
     *
     * @param listener that it comes in by
     * @param shown null for plaintext
     * @throws Refused where it is answered before anybody looks at what it asks for
     */
    public static ImaginedRequest read(
            Routing routing, String listener, @Nullable CertificateShown shown, Endpoints endpoints, byte[] head)
            throws Refused {
        TlsParameters tls = shown == null ? null : new TlsParameters("TLSv1.3", "TLS_AES_128_GCM_SHA256");
        Client client = new Client(listener, endpoints, shown, false, routing.trustedProxies(), tls);
        try {
            RequestHead read = new HeadParser(
                            routing.limits().requestLine(), routing.limits().headers())
                    .request(head, head.length);
            if (read == null) {
                throw new Refused("the head does not end");
            }
            return new ImaginedRequest(client, read);
        } catch (BadMessage e) {
            throw new Refused(
                    ErrorResponses.status(e.failure()) + " " + e.failure().reason() + ": " + e.detail());
        }
    }

    /** What it is answered instead, in words. */
    public static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        private Refused(String message) {
            super(message);
        }
    }

    /** Whose it is: where the connection is a trusted proxy's, whom that speaks for. */
    public InetAddress from() {
        return requester.address();
    }

    /** Lower-case, without the port. */
    public String host() {
        return request.authority().host();
    }

    /** Of its body; 0 where it says nothing. */
    public long contentLength() {
        return request.contentLength();
    }

    /** As its Host says; less than 0 where that says nothing. */
    public int port() {
        return request.authority().port();
    }

    public String method() {
        return request.method();
    }

    /** Path and query as they came. */
    public String target() {
        return request.target().text();
    }

    /** Path and query in their one form, in which servers are sent them. */
    public String normalTarget() {
        return request.target().normalText();
    }

    /** What routes see of the path. */
    public String routedPath() {
        return request.target().routedText();
    }

    /** Why the path is refused; null where it is not. */
    public @Nullable String pathFault() {
        return request.target().pathFault();
    }

    public boolean hasEncodedSlash() {
        return request.target().hasEncodedSlash();
    }

    /** The route of {@code site} that takes it. */
    public Route route(SiteRoutes site) {
        return site.match(request);
    }

    /** What becomes of each route of {@code site}. */
    public List<SiteRoutes.Considered> consider(SiteRoutes site) {
        return site.consider(request);
    }

    /** As in the location of a redirect of {@code by}. */
    public String value(Placeholder placeholder, Route by) {
        return request.value(placeholder, by);
    }

    /** What a choice of server may depend on. */
    public Affinity affinity() {
        return new RequestAffinity(request, requester);
    }

    /**
     * The head that a server of HTTP/1.1 is sent, in lines.
     *
     * @param by the route that leads there
     * @param host what the server is asked for; null for what the client asked for
     * @param sticky the cookie that is ours; null where there is none
     */
    public String sent(Route by, @Nullable String host, @Nullable String sticky) {
        RequestHead whole = request;
        request = sticky == null ? whole : whole.withoutCookie(sticky);
        try {
            return sent(by, host);
        } finally {
            request = whole;
        }
    }

    /**
     * The head that the server of {@code forward-auth} is sent, in lines.
     *
     * @param by the route that the request takes
     * @param host that it is asked for; null for what the client asked for
     */
    public String asked(ForwardAuth auth, Route by, @Nullable String host) {
        RequestHead whole = request;
        request = AuthQuestion.of(whole, client, auth, by);
        try {
            return sent(null, host);
        } finally {
            request = whole;
        }
    }

    private String sent(@Nullable Route by, @Nullable String host) {
        route = by;
        sentHost = host;
        leftOut = 0;
        ByteBuf head = RequestWriter.write(writer, UnpooledByteBufAllocator.DEFAULT, this);
        try {
            return head.toString(StandardCharsets.ISO_8859_1).replace("\r", "");
        } finally {
            head.release();
        }
    }

    /** How many fields are not among those for their names alone. */
    public int leftOut() {
        return leftOut;
    }

    @Override
    public String id() {
        return "imagined";
    }

    @Override
    public RequestHead request() {
        return request;
    }

    @Override
    public Client client() {
        return client;
    }

    @Override
    public Requester requester() {
        return requester;
    }

    @Override
    public @Nullable Route route() {
        return route;
    }

    @Override
    public @Nullable String sentHost() {
        return sentHost;
    }

    @Override
    public String variable(Variable variable) {
        return Variables.value(variable, this, route == null ? null : route.site());
    }

    @Override
    public Set<Tolerance> tolerated() {
        return Set.of();
    }

    @Override
    public void leavesOut(int fields) {
        leftOut = fields;
    }
}
