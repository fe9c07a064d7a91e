package dev.postern.migrate.caddy;

import dev.postern.config.Addresses;
import dev.postern.migrate.Mapping;
import dev.postern.migrate.Numbers;
import dev.postern.migrate.Ranges;
import dev.postern.migrate.Tally;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The global options. */
final class Options {
    private final Placeholders placeholders;
    private final Tally tally;
    private final Mapping root;
    final Order order = new Order();
    private Clients clients = Clients.CONNECTED;
    private String email = "";
    private int httpPort = 80;
    private int httpsPort = 443;

    /** @param root of the result */
    Options(Placeholders placeholders, Tally tally, Mapping root) {
        this.placeholders = placeholders;
        this.tally = tally;
        this.root = root;
    }

    int httpPort() {
        return httpPort;
    }

    int httpsPort() {
        return httpsPort;
    }

    /** Once they are read. */
    Clients clients() {
        return clients;
    }

    /** Empty where nobody has said one. */
    String email() {
        return email;
    }

    /** Of a site; the first one counts. */
    void email(String said) {
        email = email.isEmpty() ? said : email;
    }

    void read(Directive block) {
        tally.carried(block);
        for (Directive line : block.own()) {
            boolean isCarried = true;
            switch (line.name()) {
                case "email" -> email = placeholders.fixed(line.word(1)).orElse("");
                case "http_port", "https_port" -> {
                    isCarried = Numbers.isBetween(line.word(1), 1, Addresses.LAST_PORT);
                    if (isCarried && line.is("http_port")) {
                        httpPort = Integer.parseInt(line.word(1));
                    } else if (isCarried) {
                        httpsPort = Integer.parseInt(line.word(1));
                    }
                }
                case "order" -> isCarried = order.change(line);
                case "local_certs", "debug", "skip_install_trust" -> isCarried = line.is("local_certs");
                case "grace_period", "shutdown_delay" -> {
                    Optional<String> time = Times.of(line.word(1));
                    time.ifPresent(it -> root.put(line.is("grace_period") ? "grace" : "shutdown-delay", it));
                    isCarried = time.isPresent();
                }
                case "servers" -> {
                    servers(line);
                    isCarried = true;
                }
                default -> isCarried = false;
            }
            if (isCarried) {
                tally.carried(line);
            }
        }
    }

    private void servers(Directive servers) {
        for (Directive line : servers.own()) {
            if (line.is("trusted_proxies") && line.word(1).equals("static")) {
                List<String> ranges = new ArrayList<>();
                line.words()
                        .subList(2, line.words().size())
                        .forEach(word -> (word.equals("private_ranges") ? Matchers.PRIVATE : List.of(word))
                                .forEach(one -> Ranges.of(one).ifPresent(ranges::add)));
                if (!ranges.isEmpty()) {
                    root.put("trusted-proxies", ranges);
                    tally.carried(line);
                    clients = clients == Clients.CONNECTED ? Clients.FORWARDED : clients;
                }
            } else if (line.is("trusted_proxies")
                    || (line.is("client_ip_headers")
                            && !line.arguments().stream().allMatch("X-Forwarded-For"::equalsIgnoreCase))) {
                clients = Clients.UNKNOWN;
            } else if (line.is("timeouts")) {
                tally.carried(line);
                for (Directive timeout : line.own()) {
                    String key = Map.of(
                                    "read_header", "request-head", "read_body", "request-body", "idle", "keep-alive")
                            .getOrDefault(timeout.name(), "");
                    Times.of(timeout.word(1))
                            .filter(time ->
                                    !key.isEmpty() && !root.section("timeouts").has(key))
                            .ifPresent(time -> {
                                root.section("timeouts").put(key, time);
                                tally.carried(timeout);
                            });
                }
            }
        }
    }
}
