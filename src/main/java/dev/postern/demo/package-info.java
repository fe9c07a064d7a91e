/**
 * What {@code postern demo} has beside the edge: two {@linkplain dev.postern.demo.ColouredServer coloured servers} that can be stopped and
 * started, and the {@linkplain dev.postern.demo.Desk desk} with the page that shows them, the certificate, a WebSocket, and what to {@linkplain
 * dev.postern.demo.ToTry try} next. Everything listens on loopback alone. The edge knows nothing of it: to the edge these are servers like any
 * other; {@code app.Demo} puts it together.
 */
@NullMarked
package dev.postern.demo;

import org.jspecify.annotations.NullMarked;
