package dev.postern.config;

/** An entry of a list that operators tell from the others by a name. */
public interface Listed {
    String label();
}
