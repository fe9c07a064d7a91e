/**
 * The care of the certificates of all sites: what is ordered when, and what becomes of it. {@link
 * dev.postern.certificate.care.Renewals} is the door, for whoever wakes it, gives it another remit or ends it; {@link
 * dev.postern.certificate.care.CertificateEvents} is told of what happens, {@link dev.postern.certificate.care.CertificateStatus} says
 * what there is. The way of an attempt and the order of the locks are drawn in {@code dev.postern.certificate}.
 *
 * <p>What changes of a site is had within the door of its {@code SiteRecord} only, one at a time, and waits for the disk; orders and
 * questions to CAs run on threads of the orders, outside of it. Nothing here may be called on an event loop, but {@code
 * SiteLoading.now}. {@code operate} goes the same ways for an operator, and nobody but it sees more than what is public by design:
 * Renewals, its events, its wake-ups and its status; {@link dev.postern.certificate.care.StoredCertificates}, {@link
 * dev.postern.certificate.care.OverdueSite} and {@link dev.postern.certificate.care.CertificateFiles} for commands beside a daemon.
 */
@NullMarked
package dev.postern.certificate.care;

import org.jspecify.annotations.NullMarked;
