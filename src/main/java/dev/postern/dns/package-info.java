/**
 * The DNS, with dnsjava: {@code Lookup} asks what there is, {@code Dns01Solver} puts TXT records there for a while
 * (<a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8.4">RFC 8555 §8.4</a>).
 */
@NullMarked
package dev.postern.dns;

import org.jspecify.annotations.NullMarked;
