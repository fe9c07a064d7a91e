package dev.postern.config.read;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.AddressRange;
import dev.postern.config.Addresses;
import java.net.InetAddress;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressRangeTest {
    @ParameterizedTest(name = "{0} contains {1}: {2}")
    @CsvSource({
        "10.0.0.0/8, 10.255.255.255, true",
        "10.0.0.0/8, 11.0.0.0, false",
        "192.0.2.128/25, 192.0.2.127, false",
        "192.0.2.128/25, 192.0.2.128, true",
        "192.0.2.7, 192.0.2.7, true",
        "192.0.2.7, 192.0.2.8, false",
        "0.0.0.0/0, 203.0.113.9, true",
        "0.0.0.0/0, ::1, false",
        "2001:db8::/32, 2001:db8:ffff::1, true",
        "2001:db8::/32, 2001:db9::1, false",
        "2001:db8::/33, 2001:db8:8000::, false",
        "::/0, 203.0.113.9, false",
    })
    void rangeContainsWhatItsPrefixSays(String range, String address, boolean contained) throws Exception {
        AddressRange parsed = AddressesReader.RANGE.parse(range);

        InetAddress inside = Objects.requireNonNull(Addresses.literal(address));
        assertThat(parsed.contains(inside)).isEqualTo(contained);
    }
}
