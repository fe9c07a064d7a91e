/**
 * Heads, targets, fields and bodies of HTTP/1.1 (<a href="https://datatracker.ietf.org/doc/html/rfc9112">RFC 9112</a>), which
 * is the form everything here works on, HTTP/2 included: parsed without mercy, written anew, never passed on as they came.
 *
 * <p>Nothing here knows a connection. {@link dev.postern.http.message.MessageDecoder} cuts what comes, at whatever place the
 * network has cut it; {@link dev.postern.http.message.HeadParser} reads heads; {@link
 * dev.postern.http.message.RequestHead} and {@link dev.postern.http.message.ResponseHead} are what is left of one whose framing is known
 * to be unambiguous (request smuggling ends here); {@link dev.postern.wire.Failure} is the list of every way in which an exchange may
 * fail, with its code in the log, metrics and {@code Proxy-Status}.
 */
@NullMarked
package dev.postern.http.message;

import org.jspecify.annotations.NullMarked;
