/**
 * HTTP/1.0 and 1.1 towards clients and servers (<a href="https://datatracker.ietf.org/doc/html/rfc9112">RFC 9112</a>): one
 * exchange after another on a connection, those to servers pooled between two (keep-alive).
 */
@NullMarked
package dev.postern.http.h1;

import org.jspecify.annotations.NullMarked;
