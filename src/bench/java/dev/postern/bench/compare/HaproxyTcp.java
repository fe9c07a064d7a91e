package dev.postern.bench.compare;

/** HAProxy that takes TLS off and looks into nothing: what a request costs at the least. Has HTTP/1.1 only. */
final class HaproxyTcp extends Haproxy {
    @Override
    public String name() {
        return "haproxy-tcp";
    }

    @Override
    public String title() {
        return "HAProxy, TCP mode + TLS";
    }

    @Override
    public java.util.Set<Door> doors() {
        return java.util.EnumSet.of(Door.WEB);
    }

    @Override
    public void configure(Setup setup) {
        setup.write("haproxy.cfg", """
                global
                  nbthread 1
                  maxconn 8000
                  log stdout format raw local0
                defaults
                  mode tcp
                  log global
                  option tcplog
                  timeout connect 3s
                  timeout client 75s
                  timeout server 75s
                frontend web
                  bind 127.0.0.1:%d ssl crt %s alpn http/1.1
                  default_backend web
                backend web
                  server s 127.0.0.1:%d check inter 5s
                """.formatted(
                        setup.port(Door.WEB), setup.certificate().both(), setup.originPort()));
    }
}
