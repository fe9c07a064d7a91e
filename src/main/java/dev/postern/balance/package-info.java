@NullMarked
package dev.postern.balance;

import org.jspecify.annotations.NullMarked;
