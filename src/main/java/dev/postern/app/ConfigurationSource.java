package dev.postern.app;

import dev.postern.certificate.CertificateFiles;
import dev.postern.config.Configuration;
import dev.postern.config.ConfigurationFile;
import dev.postern.config.ConfigurationProblems;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where the configuration comes from, each time that it is read. */
public final class ConfigurationSource {
    private final @Nullable Path file;
    private final @Nullable Configuration fixed;

    private ConfigurationSource(@Nullable Path file, @Nullable Configuration fixed) {
        this.file = file;
        this.fixed = fixed;
    }

    public static ConfigurationSource of(Path file) {
        return new ConfigurationSource(file, null);
    }

    /** The command line, which is what it is: read again, nothing has changed. */
    public static ConfigurationSource of(Configuration fixed) {
        return new ConfigurationSource(null, fixed);
    }

    /** Null for the command line. */
    @Nullable Path file() {
        return file;
    }

    /** @throws ConfigurationProblems with everything that is wrong with it */
    public Configuration read() throws ConfigurationProblems {
        return file == null ? java.util.Objects.requireNonNull(fixed, "fixed") : ConfigurationFile.read(file);
    }

    /**
     * As {@link #read}; and the certificates that operators bring are good now, which a start would find out later.
     *
     * @throws ConfigurationProblems with everything that is wrong
     */
    public Configuration check() throws ConfigurationProblems {
        Configuration configuration = read();
        List<String> problems = CertificateFiles.problems(configuration.sites(), Instant.now());
        if (!problems.isEmpty()) {
            throw new ConfigurationProblems(file == null ? "command line" : file.toString(), problems);
        }
        return configuration;
    }
}
