package dev.postern.bench.compare;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** HAProxy, with one thread. */
class Haproxy implements Peer {
    @Override
    public String name() {
        return "haproxy";
    }

    @Override
    public String title() {
        return "HAProxy";
    }

    @Override
    public Set<Door> doors() {
        return EnumSet.allOf(Door.class);
    }

    @Override
    public void configure(Setup setup) {
        String certificate = setup.certificate().both().toString();
        String more = setup.sites().isEmpty()
                ? ""
                : " crt " + setup.sites().get(0).both().getParent();
        setup.write("haproxy.cfg", """
                global
                  nbthread 1
                  maxconn 8000
                  log stdout format raw local0
                defaults
                  mode http
                  log global
                  option httplog
                  timeout connect 3s
                  timeout client 60s
                  timeout server 60s
                  timeout http-keep-alive 75s
                  timeout http-request 10s
                frontend web
                  bind 127.0.0.1:%1$d ssl crt %5$s%8$s alpn h2,http/1.1
                  option forwardfor
                  http-request set-header X-Forwarded-Proto https
                  default_backend web
                backend web
                  option httpchk GET /health
                  server s 127.0.0.1:%6$d check inter 5s
                frontend web_to_h2c
                  bind 127.0.0.1:%2$d ssl crt %5$s alpn h2,http/1.1
                  option forwardfor
                  http-request set-header X-Forwarded-Proto https
                  default_backend h2c
                backend h2c
                  # Whether it takes connections: HAProxy 2.6 finds fault with what nghttpd answers to an HTTP/2 check.
                  server s 127.0.0.1:%7$d proto h2 check inter 5s
                frontend tcp
                  mode tcp
                  option tcplog
                  bind 127.0.0.1:%3$d
                  default_backend tcp
                frontend tcp_tls
                  mode tcp
                  option tcplog
                  bind 127.0.0.1:%4$d ssl crt %5$s alpn http/1.1
                  default_backend tcp
                backend tcp
                  mode tcp
                  server s 127.0.0.1:%6$d check inter 5s
                """.formatted(
                        setup.port(Door.WEB),
                        setup.port(Door.WEB_TO_H2C),
                        setup.port(Door.TCP),
                        setup.port(Door.TCP_TLS),
                        certificate,
                        setup.originPort(),
                        setup.h2cOriginPort(),
                        more));
    }

    @Override
    public List<String> run(Setup setup) {
        return List.of("haproxy", "-db", "-f", setup.home() + "/haproxy.cfg");
    }

    @Override
    public List<String> check(Setup setup) {
        return List.of("haproxy", "-c", "-f", setup.home() + "/haproxy.cfg");
    }

    @Override
    public String version() {
        String text = Programs.run(List.of("haproxy", "-vv"));
        return "HAProxy " + first("version (\\S+)", text) + " ("
                + first("Running on OpenSSL version : (OpenSSL \\S+)", text) + ")";
    }

    static String first(String pattern, String text) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        return matcher.find() ? matcher.group(1) : "?";
    }
}
