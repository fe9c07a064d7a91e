package dev.postern.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** How the file says a component of a record where that is not its name, with hyphens, and its plain value. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface InFile {
    /** The key, where it is another word. */
    String key() default "";

    /** Whether it has no key at all: what is in it stands beside it. */
    boolean beside() default false;

    /** What stands for no number, or for zero. */
    String absent() default "";

    /** Whether it is a size, such as 16KiB. */
    boolean size() default false;
}
