/**
 * What is told of the traffic: the access log, and the metrics. Implements the observers that the packages under
 * observation own; nothing on the path of a request knows this package.
 *
 * <pre>
 * event loop ─► LoopObserver ─┬─► LogLines ─► AccessLog ─► its writer ─► file or standard output
 *                             └─► LoopCounters ◄─ Metrics, when somebody asks
 * </pre>
 */
@NullMarked
package dev.postern.observe;

import org.jspecify.annotations.NullMarked;
