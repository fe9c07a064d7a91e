package dev.postern.migrate.nginx;

import dev.postern.migrate.Reason;
import java.util.Map;
import java.util.Set;

/** Why lines that no other class has spoken for are not carried over. */
final class Reasons {
    private static final Reason UNKNOWN =
            new Reason("the import does not know it", "see whether config/postern.yaml has a word for it");
    private static final Reason PROCESS =
            new Reason("the service manager says how Postern runs", "see the unit in docs/install.md");
    private static final Reason LOG = new Reason(
            "logs go to standard output, a file, or syslog", "access-log: { to: FILE }, or to: syslog:/dev/log");
    private static final Reason TLS =
            new Reason("Mozilla's recommendations stand for lists of ciphers", "see tls: profile, ciphers, groups");
    private static final Reason FILES =
            new Reason("Postern serves no files", "a server that has them, as backend of a route");
    private static final Reason UNUSED = new Reason("nothing that was carried over makes use of it", "");
    private static final Reason CACHE = new Reason("Postern keeps no responses", "");
    private static final Reason GUARD =
            Reason.guard("nothing that was carried over makes use of it", "allow, deny, auth or rate-limit of a route");

    private static final Set<String> BY_ITSELF = Set.of(
            "sendfile",
            "tcp_nopush",
            "tcp_nodelay",
            "types_hash_max_size",
            "server_names_hash_bucket_size",
            "server_names_hash_max_size",
            "variables_hash_max_size",
            "map_hash_bucket_size",
            "http2",
            "reset_timedout_connection",
            "proxy_http_version",
            "proxy_buffering",
            "proxy_buffers",
            "proxy_buffer_size",
            "proxy_busy_buffers_size",
            "proxy_request_buffering",
            "proxy_max_temp_file_size",
            "proxy_socket_keepalive",
            "ssl_session_cache",
            "ssl_session_timeout",
            "ssl_session_tickets",
            "ssl_prefer_server_ciphers",
            "ssl_buffer_size",
            "client_body_buffer_size",
            "client_header_buffer_size",
            "gzip_comp_level",
            "types",
            "server_tokens",
            "keepalive_requests",
            "http2_push_preload",
            "output_buffers",
            "postpone_output",
            "msie_padding",
            "merge_slashes",
            "preread_buffer_size",
            "preread_timeout",
            "proxy_buffer",
            "ssl_handshake_timeout",
            "tcp_nodelay_on",
            "proxy_headers_hash_max_size",
            "proxy_headers_hash_bucket_size",
            "log_not_found",
            "charset",
            "server_name_in_redirect",
            "port_in_redirect");

    /** What is carried over where something makes use of it. */
    private static final Set<String> USED = Set.of(
            "client_max_body_size",
            "client_body_timeout",
            "client_header_timeout",
            "keepalive_timeout",
            "return",
            "rewrite",
            "if",
            "break",
            "listen",
            "server_name",
            "ssl_certificate",
            "ssl_certificate_key",
            "ssl_verify_client",
            "ssl_preread",
            "internal",
            "limit_except",
            "real_ip_recursive",
            "ssl",
            "ssl_alpn");

    private static final Map<String, Reason> KNOWN = Map.ofEntries(
            Map.entry("user", PROCESS),
            Map.entry("pid", PROCESS),
            Map.entry("worker_processes", PROCESS),
            Map.entry("worker_connections", PROCESS),
            Map.entry("worker_rlimit_nofile", PROCESS),
            Map.entry("events", PROCESS),
            Map.entry("use", PROCESS),
            Map.entry("multi_accept", PROCESS),
            Map.entry("daemon", PROCESS),
            Map.entry("load_module", new Reason("Postern has no modules", "")),
            Map.entry("access_log", LOG),
            Map.entry("error_log", LOG),
            Map.entry("log_format", new Reason("the access log has forms of its own", "access-log: { format: json }")),
            Map.entry("ssl_ciphers", TLS),
            Map.entry("ssl_ecdh_curve", TLS),
            Map.entry("ssl_conf_command", TLS),
            Map.entry("ssl_protocols", new Reason("TLS 1.2 and 1.3 are spoken, and nothing older", "")),
            Map.entry("ssl_dhparam", new Reason("there is no finite-field Diffie-Hellman", "")),
            Map.entry("ssl_stapling", new Reason("no OCSP responses are stapled", "")),
            Map.entry("ssl_stapling_verify", new Reason("no OCSP responses are stapled", "")),
            Map.entry("ssl_trusted_certificate", new Reason("no OCSP responses are stapled", "")),
            Map.entry("ssl_client_certificate", new Reason("nothing that was carried over asks for certificates", "")),
            Map.entry("ssl_verify_depth", new Reason("nothing that was carried over asks for certificates", "")),
            Map.entry("ssl_crl", new Reason("nothing that was carried over asks for certificates", "")),
            Map.entry("resolver", new Reason("names are asked for by themselves", "resolvers: [ADDRESS]")),
            Map.entry("resolver_timeout", new Reason("names are asked for by themselves", "")),
            Map.entry("stub_status", FILES),
            Map.entry("empty_gif", FILES),
            Map.entry("dav_methods", FILES),
            Map.entry("memcached_pass", FILES),
            Map.entry("root", FILES),
            Map.entry("alias", FILES),
            Map.entry("index", FILES),
            Map.entry("try_files", FILES),
            Map.entry("autoindex", FILES),
            Map.entry("default_type", FILES),
            Map.entry(
                    "expires",
                    new Reason(
                            "servers say how long their answers hold",
                            "response-headers: { set: { Cache-Control: … } }")),
            Map.entry(
                    "error_page",
                    new Reason(
                            "what errors look like stands in files that the site names",
                            "error-pages: { 502: FILE } of the site")),
            Map.entry("proxy_intercept_errors", new Reason("errors of servers pass as they are", "")),
            Map.entry(
                    "proxy_redirect",
                    new Reason(
                            "redirects of servers pass as they are",
                            "host: preserve of the backend lets them know the right name")),
            Map.entry("proxy_cookie_path", new Reason("cookies pass as they are", "")),
            Map.entry("proxy_cookie_domain", new Reason("cookies pass as they are", "")),
            Map.entry("proxy_cache", CACHE),
            Map.entry("proxy_cache_path", CACHE),
            Map.entry("proxy_cache_valid", CACHE),
            Map.entry("proxy_cache_bypass", CACHE),
            Map.entry("proxy_no_cache", CACHE),
            Map.entry("proxy_cache_key", CACHE),
            Map.entry("proxy_cache_use_stale", CACHE),
            Map.entry("proxy_ignore_headers", CACHE),
            Map.entry("map", new Reason("there are no variables of one's own", "when of a route")),
            Map.entry("geo", new Reason("there are no variables of one's own", "allow and deny")),
            Map.entry("split_clients", new Reason("there are no variables of one's own", "weights of servers")),
            Map.entry("set", new Reason("there are no variables of one's own", "")),
            Map.entry("limit_req", GUARD),
            Map.entry(
                    "limit_conn",
                    Reason.guard(
                            "connections are counted for all sites together", "limits: { connections-per-client: … }")),
            Map.entry("limit_req_zone", UNUSED),
            Map.entry("limit_conn_zone", UNUSED),
            Map.entry("limit_rate", new Reason("nobody is slowed down on purpose", "")),
            Map.entry("limit_req_status", UNUSED),
            Map.entry("deny", GUARD),
            Map.entry("allow", UNUSED),
            Map.entry("auth_basic", GUARD),
            Map.entry("auth_basic_user_file", UNUSED),
            Map.entry("auth_request", GUARD),
            Map.entry("satisfy", UNUSED),
            Map.entry(
                    "real_ip_header",
                    new Reason("the client's address is that of X-Forwarded-For", "trusted-proxies: [ADDRESSES]")),
            Map.entry(
                    "set_real_ip_from",
                    new Reason("who is believed is for you to say again", "trusted-proxies: [ADDRESSES]")),
            Map.entry("upstream", new Reason("nothing that was carried over passes requests to it", "")),
            Map.entry("server", new Reason("nothing of it could be carried over", "")),
            Map.entry("location", UNUSED),
            Map.entry("mail", new Reason("Postern does not speak protocols of mail", "a tcp service")),
            Map.entry(
                    "large_client_header_buffers",
                    new Reason("heads of requests have limits of their own", "limits: { head: … }")),
            Map.entry("ip_hash", UNUSED),
            Map.entry("include", new Reason("it is not there, or cannot be read", "put it there, and import again")),
            Map.entry("hash", new Reason("that is no key that Postern balances by", "balance of the backend")));

    private Reasons() {}

    static boolean isByItself(Directive line) {
        return BY_ITSELF.contains(line.name());
    }

    static Reason of(Directive line) {
        if (line.name().startsWith("fastcgi_")
                || line.name().startsWith("uwsgi_")
                || line.name().startsWith("scgi_")) {
            return new Reason("servers are spoken to in HTTP", "a server that speaks it, as backend of a route");
        }
        boolean isUsed = USED.contains(line.name())
                || line.name().startsWith("proxy_")
                || line.name().startsWith("grpc_")
                || line.name().startsWith("add_")
                || line.name().startsWith("gzip");
        return KNOWN.getOrDefault(line.name(), isUsed ? UNUSED : UNKNOWN);
    }
}
