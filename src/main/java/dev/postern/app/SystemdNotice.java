package dev.postern.app;

/** What the init system is told. */
final class SystemdNotice {
    void reloading() {}

    void ready() {}
}
