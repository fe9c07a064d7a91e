@NullMarked
package dev.postern.http.coding;

import org.jspecify.annotations.NullMarked;
