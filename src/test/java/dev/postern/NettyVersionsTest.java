package dev.postern;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.netty.channel.epoll.Epoll;
import io.netty.handler.ssl.OpenSsl;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Netty's jars are of two releases: the Java that calls into its library goes with the library, the rest is newer. They fit
 * where every member of the others that one of them names is there, which a compiler would have seen and the JVM sees only
 * when it gets to that line.
 */
class NettyVersionsTest {
    /** What is of the library's release, and what goes by a version of its own. */
    private static final Set<String> NATIVE =
            Set.of("io.netty.channel.epoll", "io.netty.channel.unix", "io.netty.internal.tcnative");

    @Test
    void everyMemberThatThePartsNameOfEachOtherIsThere() {
        Set<String> missing = new ClassFileImporter()
                .importPackages("io.netty.channel", "io.netty.handler.ssl", "io.netty.internal").stream()
                        .flatMap(type -> type.getAccessesFromSelf().stream())
                        .filter(NettyVersionsTest::crosses)
                        .filter(access -> access.getTarget().resolveMember().isEmpty())
                        .map(JavaAccess::getDescription)
                        .collect(Collectors.toSet());

        assertThat(missing).isEmpty();
    }

    @Test
    void bothLibrariesLoad() {
        Epoll.ensureAvailability();
        OpenSsl.ensureAvailability();
    }

    private static boolean crosses(JavaAccess<?> access) {
        JavaClass target = access.getTargetOwner().getBaseComponentType();
        return target.getPackageName().startsWith("io.netty.") && isNative(access.getOriginOwner()) != isNative(target);
    }

    private static boolean isNative(JavaClass type) {
        return NATIVE.contains(type.getPackageName());
    }
}
