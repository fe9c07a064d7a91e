package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeOptions;
import dev.postern.ca.acme.AcmeProbe;
import dev.postern.ca.acme.AcmeRequest;
import dev.postern.ca.acme.AcmeServer;
import dev.postern.certificate.Certificate;
import dev.postern.certificate.Pem;
import dev.postern.cli.CommandRun;
import dev.postern.config.read.ConfigurationFile;
