/**
 * How the edge stands: an {@link dev.postern.status.EdgePicture} of everything an operator asks about, taken at one instant
 * by {@link dev.postern.status.EdgePictures} from what is there anyway, and told as JSON ({@link
 * dev.postern.status.StatusJson}, a versioned form) and CSV. Pages and commands show these; nothing here touches a request.
 */
@NullMarked
package dev.postern.status;

import org.jspecify.annotations.NullMarked;
