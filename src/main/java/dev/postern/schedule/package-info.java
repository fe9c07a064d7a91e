/**
 * When the certificates are looked after, with Quartz, as {@code cron/quartz.properties} says.
 *
 * <p>Quartz is the clock, not the memory: due times live in the certificate store, a trigger only wakes {@code
 * Renewals}, which looks at the files and the time anew. A misfire or a trigger too many is therefore harmless.
 */
@NullMarked
package dev.postern.schedule;

import org.jspecify.annotations.NullMarked;
