package dev.postern.certificate.store;

import dev.postern.pki.Certificate;

/**
 * One issued certificate of a site, on disk.
 *
 * @param number the folder under {@code certs/<site>/}; 0 where it could not be written yet
 */
public record Generation(int number, Certificate certificate) {}
