package dev.postern.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.IDN;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InternationalNameTest {
    @ParameterizedTest
    @CsvSource({
        // What browsers and curl ask for; in 2003 the first ones were strasse.de, fussball.example and
        // xn--nxasmq6b.com.
        "straße.de, xn--strae-oqa.de",
        "STRAẞE.de, xn--strae-oqa.de",
        "www.Fußball.example, www.xn--fuball-cta.example",
        "faß.de, xn--fa-hia.de",
        "βόλος.com, xn--nxasmm1c.com",
        "ΒΌΛΟΣ.com, xn--nxasmq6b.com",
        "Bücher.example, xn--bcher-kva.example",
        "bu\u0308cher.example, xn--bcher-kva.example",
        "日本語。ＪＰ, xn--wgv71a119e.jp",
        "Example.COM, example.com",
        "xn--strae-oqa.de, xn--strae-oqa.de",
        "strasse.de, strasse.de",
    })
    void nameIsTheOneThatClientsAskFor(String written, String asked) throws Exception {
        assertThat(InternationalName.ascii(written)).isEqualTo(asked);
    }

    @Test
    void invisibleCharactersAreRefusedWithBothSpellings() {
        assertThatThrownBy(() -> InternationalName.ascii("نامه\u200Cای.com"))
                .isInstanceOf(NotUnderstood.class)
                .hasMessageContaining("write \"xn--mgba3gch31f060k.com\" or \"xn--mgba3gch31f.com\"");
        assertThatThrownBy(() -> InternationalName.ascii("ශ්\u200Dරී.com"))
                .isInstanceOf(NotUnderstood.class)
                .hasMessageContaining("write \"xn--10cl1a0b660p.com\" or \"xn--10cl1a0b.com\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ü_b.de", "ß b.de", "a…ß.de", "-ß.de", "\u0378.de"})
    void whatIsNoNameIsRefused(String text) {
        assertThatThrownBy(() -> InternationalName.ascii(text)).isInstanceOf(NotUnderstood.class);
    }

    @ParameterizedTest
    @CsvSource({
        // RFC 3492 §7.1
        "他们为什么不说中文, ihqwcrb4cv8a8dqg056pqjye",
        "почемужеонинеговорятпорусски, b1abfaaepdrnnbgefbadotcwatmq2g4l",
        "bücher, bcher-kva",
        "ü, tda",
    })
    void labelsAreEncodedAsTheStandardSays(String label, String encoded) throws Exception {
        assertThat(Punycode.encode(label)).isEqualTo(encoded);
        assertThat(Punycode.decode(encoded)).isEqualTo(label);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bcher-kv", "99999999", "zzzzzzzzzzzzzzzzzzzz", "ü"})
    void whatNothingIsEncodedAsIsNotDecodedToIt(String text) {
        try {
            assertThat(Punycode.encode(Punycode.decode(text))).isNotEqualTo(text);
        } catch (NotUnderstood e) {
            assertThat(e).hasMessageContaining("punycode");
        }
    }

    @Property
    void encodingAndDecodingAreTheOppositeOfEachOther(@ForAll("labels") String label) throws Exception {
        assertThat(Punycode.decode(Punycode.encode(label))).isEqualTo(label);
    }

    @Property
    void namesWithoutTheFourCharactersAreAsTheJdkHasThem(@ForAll("names") String name) throws Exception {
        assertThat(InternationalName.ascii(name)).isEqualTo(IDN.toASCII(name));
    }

    @Provide
    Arbitrary<String> labels() {
        return Arbitraries.of("a", "9", "-", "ß", "ς", "ü", "é", "я", "語", "\uD83D\uDE00", "\u0301")
                .list()
                .ofMinSize(1)
                .ofMaxSize(30)
                .map(InternationalNameTest::joined);
    }

    @Provide
    Arbitrary<String> names() {
        return Arbitraries.of("a", "9", "ü", "é", "я", "語", "σ")
                .list()
                .ofMinSize(1)
                .ofMaxSize(8)
                .map(label -> joined(label) + ".example");
    }

    private static String joined(List<String> parts) {
        return String.join("", parts);
    }
}
