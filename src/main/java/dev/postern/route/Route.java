package dev.postern.route;

import dev.postern.config.Action;
import dev.postern.config.AddressRange;
import dev.postern.config.BasicAuth;
import dev.postern.config.ClientCertificates;
import dev.postern.config.Configuration;
import dev.postern.config.ForwardAuth;
import dev.postern.config.HeaderEdits;
import dev.postern.config.Hsts;
import dev.postern.config.Page;
import dev.postern.config.RouteSettings;
import dev.postern.config.Site;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was chosen for a request, for everything that comes after the choice: writing the request and the response,
 * limits, retries, the log. Immutable.
 */
public final class Route {
    private static final String HSTS = "Strict-Transport-Security";
    private static final String AUTHORIZATION = "authorization";

    private final String site;
    private final String path;
    private final RouteAction action;
    private final RouteSettings settings;
    private final @Nullable PathRewrite rewrite;
    private final FieldNames kept;
    private final FieldEdits requestEdits;
    private final FieldEdits responseEdits;
    private final FieldEdits secureResponseEdits;

    private Route(String site, String path, RouteAction action, RouteSettings settings, @Nullable PathRewrite rewrite) {
        this.site = site;
        this.path = path;
        this.action = action;
        this.settings = settings;
        this.rewrite = rewrite;
        this.kept = settings.keepHeaderNames().isEmpty() ? FieldNames.NONE : new FieldNames(settings.keepHeaderNames());
        this.requestEdits =
                edits(withAuthorization(withoutClaims(settings.requestHeaders(), settings), settings.auth()));
        this.responseEdits = edits(settings.responseHeaders());
        this.secureResponseEdits =
                settings.hsts() == null ? responseEdits : edits(withHsts(settings.responseHeaders(), settings.hsts()));
    }

    static Route of(Site site, Configuration.Route route) {
        PathRewrite rewrite = route.action() instanceof Action.ToBackend toBackend
                ? PathRewrite.from(route.path(), toBackend.rewrite())
                : null;
        return new Route(site.name(), route.path(), RouteAction.of(route.action()), route.settings(), rewrite);
    }

    /** For requests that no route of the site takes. */
    static Route none(Site site) {
        return new Route(site.name(), "", new RouteAction.None(), site.settings(), null);
    }

    private static FieldEdits edits(HeaderEdits edits) {
        return edits.equals(HeaderEdits.NONE) ? FieldEdits.NONE : new FieldEdits(edits);
    }

    /** What only we may say of a client's certificate, or another server that was asked about the request. */
    private static HeaderEdits withoutClaims(HeaderEdits edits, RouteSettings settings) {
        ClientCertificates certificates = settings.clientCertificates();
        ForwardAuth auth = settings.forwardAuth();
        if (certificates == null && auth == null) {
            return edits;
        }
        List<String> remove = new ArrayList<>(edits.remove());
        if (certificates != null) {
            remove.addAll(certificates.names());
        }
        if (auth != null) {
            remove.addAll(auth.copyHeaders());
        }
        return new HeaderEdits(edits.set(), edits.add(), remove);
    }

    /** What we have asked for ourselves is the server's business only where that is wanted. */
    private static HeaderEdits withAuthorization(HeaderEdits edits, @Nullable BasicAuth auth) {
        if (auth == null || auth.keepAuthorization()) {
            return edits;
        }
        List<String> remove = new ArrayList<>(edits.remove());
        remove.add(AUTHORIZATION);
        return new HeaderEdits(edits.set(), edits.add(), remove);
    }

    /** Whatever a server says of it: what stands for the site is said once, and here. */
    private static HeaderEdits withHsts(HeaderEdits edits, Hsts hsts) {
        List<HeaderEdits.Field> set = new ArrayList<>(edits.set());
        set.add(new HeaderEdits.Field(HSTS, hsts.text()));
        return new HeaderEdits(set, edits.add(), edits.remove());
    }

    /** What the site is called. */
    public String site() {
        return site;
    }

    /** As in the configuration; with the site, what the route is called. Empty where the site has no route for a request. */
    public String path() {
        return path;
    }

    public RouteAction action() {
        return action;
    }

    public RouteSettings settings() {
        return settings;
    }

    /** Null where the server is asked for the path that the client has asked for. */
    public @Nullable PathRewrite rewrite() {
        return rewrite;
    }

    /** Whether a field of a client's, whose name lies in {@code [from, to)}, reaches the server though such names do not. */
    public boolean keeps(byte[] b, int from, int to) {
        return kept.contains(b, from, to);
    }

    /** @param route null for none, which does nothing */
    public static FieldEdits requestEditsOf(@Nullable Route route) {
        return route == null ? FieldEdits.NONE : route.requestEdits;
    }

    public FieldEdits requestEdits() {
        return requestEdits;
    }

    /**
     * For every final response: those of servers and our own.
     *
     * @param secure whether it goes over TLS
     */
    public FieldEdits responseEdits(boolean secure) {
        return secure ? secureResponseEdits : responseEdits;
    }

    /** What of a path in its one form follows the path of this route: empty, or begins with {@code /}. */
    public String rest(String of) {
        return of.substring(Math.min(PathRewrite.withoutSlash(path).length(), of.length()));
    }

    /**
     * {@code deny} has the last word; where there is an {@code allow}, whoever is not in it stays out. So does, where there
     * is one of them, a client whom nobody knows: it may be anybody.
     */
    public boolean admits(InetAddress client) {
        if (client.isAnyLocalAddress()) {
            return settings.deny().isEmpty() && settings.allow().isEmpty();
        }
        return !isIn(settings.deny(), client) && (settings.allow().isEmpty() || isIn(settings.allow(), client));
    }

    private static boolean isIn(List<AddressRange> ranges, InetAddress client) {
        for (AddressRange range : ranges) {
            if (range.contains(client)) {
                return true;
            }
        }
        return false;
    }

    public boolean allowsMethod(String method) {
        return settings.allowMethods().isEmpty() || settings.allowMethods().contains(method);
    }

    /** What the site would rather have for such an error, or null. */
    public @Nullable Page errorPage(int status) {
        Page page = settings.errorPages().get(Integer.toString(status));
        return page != null ? page : settings.errorPages().get(status / 100 + "xx");
    }

    @Override
    public String toString() {
        return site + path;
    }
}
