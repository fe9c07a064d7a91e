package dev.postern.bench.compare;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Caddy, with one thread for Go. Has no layer 4. */
final class Caddy implements Peer {
    @Override
    public String name() {
        return "caddy";
    }

    @Override
    public String title() {
        return "Caddy";
    }

    @Override
    public Set<Door> doors() {
        return EnumSet.of(Door.WEB, Door.WEB_TO_H2C);
    }

    @Override
    public Map<String, String> environment() {
        return Map.of("GOMAXPROCS", "1");
    }

    @Override
    public void configure(Setup setup) {
        StringBuilder text = new StringBuilder("""
                {
                  admin off
                  auto_https off
                  servers {
                    protocols h1 h2
                  }
                }
                """);
        Certificates.Files3 main = setup.certificate();
        text.append(site(setup, Door.WEB, Door.WEB.host(), main, "", setup.originPort()));
        text.append(site(setup, Door.WEB_TO_H2C, Door.WEB_TO_H2C.host(), main, "h2c://", setup.h2cOriginPort()));
        for (Certificates.Files3 site : setup.sites()) {
            text.append(site(setup, Door.WEB, site.name(), site, "", setup.originPort()));
        }
        setup.write("Caddyfile", text.toString());
    }

    private static String site(
            Setup setup, Door door, String host, Certificates.Files3 certificate, String scheme, int server) {
        String transport = scheme.isEmpty() ? """
                      transport http {
                        keepalive_idle_conns_per_host 1024
                      }
                  """ : "";
        return """
                https://%s:%d {
                  bind 127.0.0.1
                  tls %s %s
                  log {
                    output file %s/access.log
                    format json
                  }
                  reverse_proxy %s127.0.0.1:%d {
                    health_uri /health
                    health_interval 5s
                %s  }
                }
                """.formatted(
                        host,
                        setup.port(door),
                        certificate.chain(),
                        certificate.key(),
                        setup.home(),
                        scheme,
                        server,
                        transport);
    }

    @Override
    public List<String> run(Setup setup) {
        return List.of("caddy", "run", "--adapter", "caddyfile", "--config", setup.home() + "/Caddyfile");
    }

    @Override
    public List<String> check(Setup setup) {
        return List.of("caddy", "validate", "--adapter", "caddyfile", "--config", setup.home() + "/Caddyfile");
    }

    @Override
    public String version() {
        String go = Programs.run(List.of("caddy", "build-info"));
        return "Caddy " + Programs.run(List.of("caddy", "version")).strip() + " ("
                + Haproxy.first("(?m)^go\\s+(go\\S+)", go) + " crypto/tls)";
    }
}
