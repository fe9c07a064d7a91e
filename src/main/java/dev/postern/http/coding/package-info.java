/**
 * Compression of responses: {@code Accept-Encoding} is negotiated, a body coded part by part as it comes. Two of the encodings
 * need native libraries, and are not offered where these do not load.
 */
@NullMarked
package dev.postern.http.coding;

import org.jspecify.annotations.NullMarked;
