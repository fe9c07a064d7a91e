package dev.postern.app;

import dev.postern.certificate.care.CertificateFiles;
import dev.postern.config.Configuration;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.trust.TlsToServers;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Where the configuration comes from, each time that it is read. */
public final class ConfigurationSource {
    private final @Nullable Path file;
    private final @Nullable Path environmentFile;
    private final @Nullable Configuration fixed;

    private ConfigurationSource(@Nullable Path file, @Nullable Path environmentFile, @Nullable Configuration fixed) {
        this.file = file;
        this.environmentFile = environmentFile;
        this.fixed = fixed;
    }

    /** @param environmentFile variables besides those of the process, read each time as well; null for none */
    public static ConfigurationSource of(Path file, @Nullable Path environmentFile) {
        return new ConfigurationSource(file, environmentFile, null);
    }

    /** The command line, which is what it is: read again, nothing has changed. */
    public static ConfigurationSource of(Configuration fixed) {
        return new ConfigurationSource(null, null, fixed);
    }

    /** Null for the command line. */
    @Nullable Path file() {
        return file;
    }

    /** @throws ConfigurationProblems with everything that is wrong with it */
    public Configuration read() throws ConfigurationProblems {
        return read(file);
    }

    private Configuration read(@Nullable Path from) throws ConfigurationProblems {
        if (from == null) {
            return Objects.requireNonNull(fixed, "fixed");
        }
        Configuration configuration =
                ConfigurationFile.read(from, Surroundings.ofProcess().with(environmentFile));
        List<String> problems = TlsToServers.problems(configuration.backends().values());
        if (!problems.isEmpty()) {
            throw new ConfigurationProblems(from.toString(), problems);
        }
        return configuration;
    }

    /**
     * As {@link #read}; and the certificates that operators bring are good now, which a start would find out later. Problems
     * name the file by its absolute path: who reads them may be in another directory than the daemon was started in.
     *
     * @throws ConfigurationProblems with everything that is wrong
     */
    public Configuration check() throws ConfigurationProblems {
        Path from = file == null ? null : file.toAbsolutePath().normalize();
        Configuration configuration = read(from);
        List<String> problems = CertificateFiles.problems(configuration.certifiedSites(), Instant.now());
        if (!problems.isEmpty()) {
            throw new ConfigurationProblems(from == null ? "command line" : from.toString(), problems);
        }
        return configuration;
    }
}
