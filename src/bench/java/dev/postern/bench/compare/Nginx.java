package dev.postern.bench.compare;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** nginx, with one worker. What speaks HTTP/2 to a server there is {@code grpc_pass}. */
final class Nginx implements Peer {
    @Override
    public String name() {
        return "nginx";
    }

    @Override
    public String title() {
        return "nginx";
    }

    @Override
    public Set<Door> doors() {
        return EnumSet.allOf(Door.class);
    }

    @Override
    public void configure(Setup setup) {
        StringBuilder sites = new StringBuilder();
        for (Certificates.Files3 site : setup.sites()) {
            sites.append("""
                      server {
                        listen 127.0.0.1:%d ssl http2;
                        server_name %s;
                        ssl_certificate %s;
                        ssl_certificate_key %s;
                        location / { proxy_pass http://web; }
                      }
                    """.formatted(setup.port(Door.WEB), site.name(), site.chain(), site.key()));
        }
        setup.write("nginx.conf", """
                load_module /usr/lib/nginx/modules/ngx_stream_module.so;
                daemon off;
                worker_processes 1;
                pid nginx.pid;
                error_log error.log;
                events { worker_connections 16384; }
                http {
                  access_log access.log;
                  server_names_hash_max_size 65536;
                  server_names_hash_bucket_size 128;
                  client_body_temp_path bodies;
                  proxy_temp_path temporary;
                  fastcgi_temp_path temporary;
                  uwsgi_temp_path temporary;
                  scgi_temp_path temporary;
                  client_max_body_size 0;
                  keepalive_timeout 75s;
                  keepalive_requests 1000000000;
                  http2_max_concurrent_streams 128;
                  # As Debian ships it; of its own 1.22 has no 1.3.
                  ssl_protocols TLSv1.2 TLSv1.3;
                  ssl_session_cache shared:SSL:10m;
                  ssl_session_timeout 1d;
                  ssl_certificate %5$s;
                  ssl_certificate_key %6$s;
                  upstream web { server 127.0.0.1:%7$d; keepalive 1024; keepalive_requests 1000000000; }
                  upstream h2c { server 127.0.0.1:%8$d; keepalive 1024; keepalive_requests 1000000000; }
                  proxy_http_version 1.1;
                  proxy_request_buffering off;
                  proxy_set_header Host $host;
                  proxy_set_header Connection "";
                  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                  proxy_set_header X-Forwarded-Proto $scheme;
                  server {
                    listen 127.0.0.1:%1$d ssl http2 backlog=4096;
                    server_name localhost;
                    location / { proxy_pass http://web; }
                  }
                  server {
                    listen 127.0.0.1:%2$d ssl http2;
                    server_name h2c.localhost;
                    location / { grpc_pass grpc://h2c; }
                  }
                %9$s}
                stream {
                  log_format tcp '$remote_addr [$time_local] $protocol $status $bytes_sent $bytes_received $session_time';
                  access_log tcp.log tcp;
                  ssl_protocols TLSv1.2 TLSv1.3;
                  ssl_certificate %5$s;
                  ssl_certificate_key %6$s;
                  server { listen 127.0.0.1:%3$d; proxy_pass 127.0.0.1:%7$d; }
                  server { listen 127.0.0.1:%4$d ssl; proxy_pass 127.0.0.1:%7$d; }
                }
                """.formatted(
                        setup.port(Door.WEB),
                        setup.port(Door.WEB_TO_H2C),
                        setup.port(Door.TCP),
                        setup.port(Door.TCP_TLS),
                        setup.certificate().chain(),
                        setup.certificate().key(),
                        setup.originPort(),
                        setup.h2cOriginPort(),
                        sites));
    }

    @Override
    public List<String> run(Setup setup) {
        return List.of("nginx", "-p", setup.home() + "/", "-e", "error.log", "-c", setup.home() + "/nginx.conf");
    }

    @Override
    public List<String> check(Setup setup) {
        return List.of("nginx", "-t", "-p", setup.home() + "/", "-e", "error.log", "-c", setup.home() + "/nginx.conf");
    }

    @Override
    public String version() {
        String text = Programs.run(List.of("nginx", "-V"));
        return "nginx " + Haproxy.first("nginx/(\\S+)", text) + " (" + Haproxy.first("(OpenSSL \\S+)", text) + ")";
    }
}
