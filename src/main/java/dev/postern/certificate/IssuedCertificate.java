package dev.postern.certificate;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/** What a CA gave: the chain, leaf first, without the root, and the key that the leaf certifies. */
public record IssuedCertificate(String issuer, PrivateKey key, List<X509Certificate> chain) {}
