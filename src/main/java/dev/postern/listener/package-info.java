@NullMarked
package dev.postern.listener;

import org.jspecify.annotations.NullMarked;
