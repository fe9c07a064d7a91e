/**
 * When something is to be done, and by whom, as pure functions: {@link dev.postern.certificate.policy.RenewalPolicy} of the life of a
 * certificate, its {@link dev.postern.certificate.policy.RenewalHistory} and the time; {@link
 * dev.postern.certificate.policy.IssuerChoice} of who was asked and failed; {@link dev.postern.certificate.policy.RateLimit} of what
 * was asked before; {@link dev.postern.certificate.policy.Suggestion} of what a CA suggested. {@link
 * dev.postern.certificate.policy.SitePlan} is what is told of it.
 *
 * <p>Everything is immutable and takes the time as a parameter; nothing blocks, nothing is kept. Whoever asks holds the lock of
 * what the answer is about.
 */
@NullMarked
package dev.postern.certificate.policy;

import org.jspecify.annotations.NullMarked;
