/** What the admin listener shows: metrics, and whether we live and are ready. */
@NullMarked
package dev.postern.admin;

import org.jspecify.annotations.NullMarked;
