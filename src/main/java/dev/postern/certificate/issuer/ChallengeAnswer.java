package dev.postern.certificate.issuer;

/**
 * What is to be shown for one authorization.
 *
 * @param name the identifier, without the {@code *.} of a wildcard
 * @param keyAuthorization {@code token.thumbprint}, RFC 8555 §8.1; dns-01 and tls-alpn-01 show its SHA-256
 */
public record ChallengeAnswer(String site, String name, String token, String keyAuthorization) {}
