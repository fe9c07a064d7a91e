@NullMarked
package dev.postern.certificate;

import org.jspecify.annotations.NullMarked;
