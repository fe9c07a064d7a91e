package dev.postern.certificate;

import dev.postern.config.Configuration.KeyType;
import java.util.List;

/** @param names lower-case; the first one is the name of the site */
public record CertificateRequest(String site, List<String> names, KeyType keyType) {}
