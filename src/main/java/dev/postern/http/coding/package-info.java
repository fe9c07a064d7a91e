/**
 * What is done to a response on its way to the client ({@link dev.postern.http.coding.ResponseStage}), which is its compression: {@code Accept-Encoding} is negotiated, a body coded part by part as it comes. Two of the encodings
 * need native libraries, and are not offered where these do not load.
 */
@NullMarked
package dev.postern.http.coding;

import org.jspecify.annotations.NullMarked;
