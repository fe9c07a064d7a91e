package dev.postern.ca.acme;

import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks for the proof where the name leads, as a public CA does. */
final class NetworkValidator implements ChallengeValidator {
    private static final Logger LOG = LoggerFactory.getLogger(NetworkValidator.class);

    private final Http01Validator http;
    private final TlsAlpn01Validator tls;
    private final Dns01Validator dns;
    private final Executor executor;

    NetworkValidator(AcmeOptions options) {
        this.http = new Http01Validator(options.resolver, options.validationPort, options.validationTimeout);
        this.tls = new TlsAlpn01Validator(options.resolver, options.tlsAlpnPort, options.validationTimeout);
        this.dns = new Dns01Validator(options.txtLookup);
        this.executor = options.executor;
    }

    @Override
    public void validate(Proof wanted, Consumer<Optional<Problem>> finding) {
        executor.execute(() -> finding.accept(look(wanted)));
    }

    private Optional<Problem> look(Proof wanted) {
        try {
            return switch (wanted.type()) {
                case Http01Validator.TYPE -> http.validate(wanted.name(), wanted.token(), wanted.keyAuthorization());
                case "tls-alpn-01" -> tls.validate(wanted.name(), wanted.keyAuthorization());
                case "dns-01" -> dns.validate(wanted.name(), wanted.keyAuthorization());
                default -> throw new IllegalStateException("challenge of type " + wanted.type());
            };
        } catch (RuntimeException e) {
            LOG.error("internal ca: {}: validation failed on a bug", wanted.name(), e);
            return Optional.of(Problem.about(wanted.name(), ProblemType.SERVER_INTERNAL, "validation broke: " + e));
        }
    }
}
