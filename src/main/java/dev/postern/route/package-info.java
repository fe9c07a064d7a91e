@NullMarked
package dev.postern.route;

import org.jspecify.annotations.NullMarked;
