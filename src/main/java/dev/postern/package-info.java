/**
 * Postern: a TLS edge terminator that looks after its own certificates.
 *
 * <pre>
 * client ─► listener ─► tls ─► http.h1, http.h2 ─► http.exchange ─► dial ─► balance ─► backend ─► server
 *                        ▲            │                 │   │
 *                        │        http.step ─► route    │   └ tunnel: what is no longer HTTP
 *       CertificateTable │            ▲                 └ http.message, http.coding: heads, bodies, compression
 *                        │            │ ChallengeTable
 *                        └─ certificate ─┘
 *                             ▲  ▲
 *          schedule ──────────┘  └───────── acme ◄─► CA (the internal one: ca)
 *
 * layer 4:   listener, or tls ─► tunnel ─► dial ─► …: tcp services, and sites whose connections are passed on unopened
 * under all: config (config.read reads it, config.describe says what it may be), wire (what every connection has), trust (whom a server proves to be), pki (keys and certificates), disk, time, machine
 *            identity (whom a client proves to be: asked by tls)
 * beside:    observe, explain, status, admin, control, cli, alert, migrate, hook, dns, preflight; demo, and ca.acme and simulation for it and for tests
 * </pre>
 *
 * <p>The request path meets the life of the certificates at read-only tables only: {@code CertificateTable}
 * (server name → certificate), and {@code ChallengeTable} and {@code AlpnChallengeTable} (what a CA asks for). A renewal never touches a
 * channel; a handshake never waits for a CA (for the disk it may: a certificate that is not read yet).
 *
 * <p>Where to start reading: {@code app.Edge} puts everything together with plain constructors; {@code
 * listener.Pipelines} lists every step of a connection in order; {@code http.exchange.Exchange} is one request and its response;
 * {@code certificate.care.Renewals} decides and acts for the certificates, and the package {@code certificate} has a map of it; {@code
 * control.CertificateControl} is what an operator may ask of them. Which package may use which is the table in {@code
 * ArchitectureTest}.
 */
@NullMarked
package dev.postern;

import org.jspecify.annotations.NullMarked;
