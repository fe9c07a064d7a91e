package dev.postern.identity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.TestPki;
import dev.postern.testing.TestPki.Ca;
import dev.postern.testing.TestPki.Identity;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ClientAuthorityTest {
    private static final Duration DAY = Duration.ofDays(1);

    private final Instant now = Instant.now();
    private final Ca root = TestPki.root("Root");

    private @Nullable ClientFault fault(Identity client, X509Certificate... anchors) {
        return authority(3, null, anchors).judge(client.chain(), now).fault();
    }

    private static ClientAuthority authority(int depth, @Nullable List<X509CRL> lists, X509Certificate... anchors) {
        return new ClientAuthority(List.of(anchors), lists == null ? null : new RevocationLists(lists), depth);
    }

    private @Nullable ClientFault fault(Identity client, List<X509CRL> lists) {
        return authority(3, lists, root.certificate())
                .judge(client.chain(), now)
                .fault();
    }

    // ---- who has signed it

    @Test
    void certificateOfOneOfTheCasIsGood() {
        X509Certificate other = TestPki.root("Other").certificate();

        assertThat(fault(root.client("alice"), other, root.certificate())).isNull();
        assertThat(fault(root.intermediate(wish -> {}).client("bob"), other, root.certificate()))
                .isNull();
    }

    @Test
    void certificateOfNobodyWhoIsKnownIsNot() {
        assertThat(fault(TestPki.root("Root").client("mallory"), root.certificate()))
                .isEqualTo(ClientFault.UNKNOWN_CA);
        assertThat(fault(TestPki.selfSigned("mallory", wish -> {}), root.certificate()))
                .isEqualTo(ClientFault.UNKNOWN_CA);
        Identity incomplete = root.intermediate(wish -> {}).client("bob");
        assertThat(fault(incomplete.with(), root.certificate())).isEqualTo(ClientFault.UNKNOWN_CA);
    }

    @Test
    void othersMayComeInAnyOrderAndWithTheRoot() {
        Identity client = root.intermediate(wish -> {}).intermediate(wish -> {}).client("bob");
        List<X509Certificate> chain = client.chain();

        Identity mixed = client.with(root.certificate(), chain.get(2), chain.get(1), chain.get(1));

        Judgement judged = authority(3, null, root.certificate()).judge(mixed.chain(), now);
        assertThat(judged.fault()).isNull();
        assertThat(judged.path()).isEqualTo(chain);
    }

    @Test
    void intermediateMayBeTheCaThatCounts() {
        Ca middle = root.intermediate(wish -> {});

        assertThat(fault(middle.client("bob"), middle.certificate())).isNull();
        assertThat(fault(root.client("alice"), middle.certificate())).isEqualTo(ClientFault.UNKNOWN_CA);
    }

    @Test
    void certificateThatIsNamedItselfIsGood() {
        Identity own = TestPki.selfSigned("device", wish -> {});
        Identity ended = TestPki.selfSigned("device", wish -> wish.to(now.minus(DAY)));
        Identity server = TestPki.selfSigned("device", wish -> wish.purposes(KeyPurposeId.id_kp_serverAuth));

        assertThat(fault(own, own.leaf())).isNull();
        assertThat(fault(ended, ended.leaf())).isEqualTo(ClientFault.EXPIRED);
        assertThat(fault(server, server.leaf())).isEqualTo(ClientFault.WRONG_USAGE);
    }

    @Test
    void ofACaThatIsThereTwiceTheOneOfTodayCounts() {
        X509Certificate ended = root.renewed(wish -> wish.to(now.minusSeconds(60)));

        assertThat(fault(root.client("alice"), ended, root.certificate())).isNull();
        assertThat(fault(root.client("alice"), ended)).isEqualTo(ClientFault.EXPIRED);
    }

    // ---- how far away

    @Test
    void depthIsHowManyMayBeBetween() {
        Identity near = root.client("a");
        Identity far = root.intermediate(wish -> {}).intermediate(wish -> {}).client("b");

        assertThat(authority(0, null, root.certificate())
                        .judge(near.chain(), now)
                        .fault())
                .isNull();
        assertThat(authority(1, null, root.certificate())
                        .judge(far.chain(), now)
                        .fault())
                .isEqualTo(ClientFault.TOO_DEEP);
        assertThat(authority(2, null, root.certificate())
                        .judge(far.chain(), now)
                        .fault())
                .isNull();
    }

    @Test
    void lengthThatACaAllowsCountsAlsoWhereItIsTheLastOne() {
        Ca shortRoot = TestPki.root("Short", wish -> wish.constraints(new BasicConstraints(0)));
        Ca shortMiddle = root.intermediate(wish -> wish.constraints(new BasicConstraints(0)));

        assertThat(fault(shortRoot.client("a"), shortRoot.certificate())).isNull();
        assertThat(fault(shortRoot.intermediate(wish -> {}).client("a"), shortRoot.certificate()))
                .isEqualTo(ClientFault.TOO_DEEP);
        assertThat(fault(shortMiddle.intermediate(wish -> {}).client("a"), root.certificate()))
                .isEqualTo(ClientFault.TOO_DEEP);
    }

    /** Whoever connects has us calculate before we know them. */
    @Test
    void certificatesThatSignEachOtherAreSoonGivenUp() {
        Ca evil = TestPki.root("Evil");
        List<X509Certificate> crowd = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            crowd.add(evil.renewed(wish -> {}));
        }
        Identity client = evil.client("mallory").with(crowd.toArray(X509Certificate[]::new));
        ClientAuthority authority = authority(3, null, root.certificate());
        Judgement unused = authority.judge(client.chain(), now);

        long before = System.nanoTime();
        assertThat(authority.judge(client.chain(), now).fault()).isEqualTo(ClientFault.UNKNOWN_CA);
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(2));
    }

    // ---- what it is for

    @Test
    void datesOfAllCount() {
        assertThat(fault(root.client("a", wish -> wish.to(now.minusSeconds(60))), root.certificate()))
                .isEqualTo(ClientFault.EXPIRED);
        assertThat(fault(root.client("a", wish -> wish.from(now.plusSeconds(60))), root.certificate()))
                .isEqualTo(ClientFault.NOT_YET_VALID);
        assertThat(fault(
                        root.intermediate(wish -> wish.to(now.minusSeconds(60))).client("a"), root.certificate()))
                .isEqualTo(ClientFault.EXPIRED);
        Ca old = TestPki.root("Old", wish -> wish.to(now.minusSeconds(60)));
        assertThat(fault(old.client("a"), old.certificate())).isEqualTo(ClientFault.EXPIRED);
    }

    @Test
    void onlyWhatIsForClientsIsGood() {
        assertThat(fault(root.client("a", wish -> wish.purposes(KeyPurposeId.id_kp_serverAuth)), root.certificate()))
                .isEqualTo(ClientFault.WRONG_USAGE);
        assertThat(fault(root.client("a", wish -> wish.usage(KeyUsage.keyEncipherment)), root.certificate()))
                .isEqualTo(ClientFault.WRONG_USAGE);
        assertThat(fault(
                        root.intermediate(wish -> wish.purposes(KeyPurposeId.id_kp_serverAuth))
                                .client("a"),
                        root.certificate()))
                .isEqualTo(ClientFault.WRONG_USAGE);
        assertThat(fault(root.client("a", wish -> wish.purposes().usage(0)), root.certificate()))
                .isNull();
        assertThat(fault(root.client("a", wish -> wish.purposes(KeyPurposeId.anyExtendedKeyUsage)), root.certificate()))
                .isNull();
    }

    /** The JDK judges no anchor. Of one that is signed by somebody else nobody can tell whether it keeps within its bounds. */
    @Test
    void boundCaOfSomebodyElseIsNotAccepted() {
        NameConstraints constraints = new NameConstraints(
                new GeneralSubtree[] {new GeneralSubtree(new GeneralName(GeneralName.dNSName, "in.test"))}, null);
        Ca bound = root.intermediate(wish -> wish.extension("2.5.29.30", true, constraints));
        Identity client = bound.client("a");

        assertThat(fault(client, bound.certificate())).isEqualTo(ClientFault.NOT_ACCEPTED);
        assertThat(fault(client, bound.certificate(), root.certificate())).isEqualTo(ClientFault.NOT_ACCEPTED);
    }

    @Test
    void whatIsSignedByWhoeverIsNoCaIsNotGood() {
        Ca none = root.intermediate(wish -> wish.constraints(new BasicConstraints(false)));
        Ca unsaid = root.intermediate(wish -> wish.constraints(null));
        Ca keyless = root.intermediate(wish -> wish.usage(KeyUsage.digitalSignature));
        Ca anchor = TestPki.root("No CA", wish -> wish.constraints(new BasicConstraints(false)));
        Ca signsNothing = TestPki.root("No signer", wish -> wish.usage(KeyUsage.digitalSignature));

        assertThat(fault(none.client("a"), root.certificate())).isEqualTo(ClientFault.NOT_A_CA);
        assertThat(fault(unsaid.client("a"), root.certificate())).isEqualTo(ClientFault.NOT_A_CA);
        assertThat(fault(keyless.client("a"), root.certificate())).isEqualTo(ClientFault.NOT_A_CA);
        assertThat(fault(anchor.client("a"), anchor.certificate())).isEqualTo(ClientFault.NOT_A_CA);
        assertThat(fault(signsNothing.client("a"), signsNothing.certificate())).isEqualTo(ClientFault.NOT_A_CA);
    }

    @Test
    void namesThatACaMayNotCertifyAndWhatCannotBeUnderstoodAreNotAccepted() {
        NameConstraints constraints = new NameConstraints(
                new GeneralSubtree[] {new GeneralSubtree(new GeneralName(GeneralName.dNSName, "in.test"))}, null);
        Ca bound = root.intermediate(wish -> wish.extension("2.5.29.30", true, constraints));
        Ca anchor = TestPki.root("Bound", wish -> wish.extension("2.5.29.30", true, constraints));
        GeneralName inside = new GeneralName(GeneralName.dNSName, "a.in.test");
        GeneralName outside = new GeneralName(GeneralName.dNSName, "a.out.test");

        assertThat(fault(bound.client("a", wish -> wish.names(inside)), root.certificate()))
                .isNull();
        assertThat(fault(bound.client("a", wish -> wish.names(outside)), root.certificate()))
                .isEqualTo(ClientFault.NOT_ACCEPTED);
        assertThat(fault(anchor.client("a", wish -> wish.names(inside)), anchor.certificate()))
                .isNull();
        assertThat(fault(anchor.client("a", wish -> wish.names(outside)), anchor.certificate()))
                .isEqualTo(ClientFault.NOT_ACCEPTED);
        assertThat(fault(
                        root.client("a", wish -> wish.extension("1.2.3.4", true, new DERUTF8String("?"))),
                        root.certificate()))
                .isEqualTo(ClientFault.NOT_ACCEPTED);
        assertThat(fault(root.client("a", wish -> wish.algorithm("SHA1withECDSA")), root.certificate()))
                .isEqualTo(ClientFault.NOT_ACCEPTED);
    }

    // ---- what was taken back

    @Test
    void whatIsInTheListIsRevoked() {
        Identity alice = root.client("alice");
        Identity bob = root.client("bob");
        List<X509CRL> lists = List.of(root.revoking(bob.leaf()));

        assertThat(fault(alice, lists)).isNull();
        assertThat(fault(bob, lists)).isEqualTo(ClientFault.REVOKED);
    }

    @Test
    void ofEachThatIsAboveAListIsNeeded() {
        Ca middle = root.intermediate(wish -> {});
        Identity bob = middle.client("bob");

        assertThat(fault(bob, List.of(root.revoking(), middle.revoking()))).isNull();
        assertThat(fault(bob, List.of(root.revoking(middle.certificate()), middle.revoking())))
                .isEqualTo(ClientFault.REVOKED);
        assertThat(fault(bob, List.of(root.revoking()))).isEqualTo(ClientFault.CRL_MISSING);
        assertThat(fault(bob, List.of(middle.revoking()))).isEqualTo(ClientFault.CRL_MISSING);
    }

    @Test
    void listThatHasEndedSaysNothingButWhoIsInIt() {
        Identity alice = root.client("alice");
        Identity bob = root.client("bob");
        X509CRL ended = root.list(now.minus(DAY), now.minusSeconds(60), builder -> {}, bob.leaf());

        assertThat(fault(alice, List.of(ended))).isEqualTo(ClientFault.CRL_EXPIRED);
        assertThat(fault(bob, List.of(ended))).isEqualTo(ClientFault.REVOKED);
        assertThat(fault(alice, List.of(ended, root.revoking()))).isNull();
        assertThat(fault(alice, List.of(root.list(now.plusSeconds(60), now.plus(DAY), builder -> {}))))
                .isEqualTo(ClientFault.CRL_MISSING);
        assertThat(fault(alice, List.of(root.list(now.minus(DAY), null, builder -> {}))))
                .isNull();
    }

    /** Of the same name, and with another key. */
    @Test
    void listOfSomebodyElseCountsForNothing() {
        Identity alice = root.client("alice");

        assertThat(fault(alice, List.of(TestPki.root("Root").revoking(alice.leaf()))))
                .isEqualTo(ClientFault.CRL_MISSING);
    }

    @Test
    void listThatIsNotTheWholeOneCountsForNothing() {
        Identity alice = root.client("alice");

        assertThat(fault(alice, List.of(saying("2.5.29.27", new ASN1Integer(1)))))
                .isEqualTo(ClientFault.CRL_MISSING);
        assertThat(fault(alice, List.of(saying("1.2.3.4", new ASN1Integer(1))))).isEqualTo(ClientFault.CRL_MISSING);
        assertThat(fault(alice, List.of(point(null, true, false, false)))).isNull();
        assertThat(fault(alice, List.of(point(null, false, true, false)))).isEqualTo(ClientFault.CRL_MISSING);
        assertThat(fault(alice, List.of(point(null, false, false, true)))).isEqualTo(ClientFault.CRL_MISSING);
    }

    @Test
    void listOfOnePlaceIsForTheCertificatesThatNameIt() {
        DistributionPointName one = place("http://crl.test/1");
        Identity here = root.client(
                "here",
                wish -> wish.extension("2.5.29.31", false, new CRLDistPoint(new DistributionPoint[] {
                    new DistributionPoint(one, null, null)
                })));

        assertThat(fault(here, List.of(point(one, false, false, false)))).isNull();
        assertThat(fault(here, List.of(point(place("http://crl.test/2"), false, false, false))))
                .isEqualTo(ClientFault.CRL_MISSING);
        assertThat(fault(root.client("elsewhere"), List.of(point(one, false, false, false))))
                .isEqualTo(ClientFault.CRL_MISSING);
    }

    private static DistributionPointName place(String uri) {
        return new DistributionPointName(new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, uri)));
    }

    private X509CRL point(@Nullable DistributionPointName name, boolean users, boolean cas, boolean indirect) {
        return saying(
                Extension.issuingDistributionPoint.getId(),
                new IssuingDistributionPoint(name, users, cas, null, indirect, false));
    }

    private X509CRL saying(String oid, ASN1Encodable value) {
        return root.list(now.minus(DAY), now.plus(DAY), builder -> add(builder, oid, value));
    }

    private static void add(X509v2CRLBuilder builder, String oid, ASN1Encodable value) {
        try {
            builder.addExtension(new ASN1ObjectIdentifier(oid), true, value);
        } catch (CertIOException e) {
            throw new IllegalStateException(e);
        }
    }

    // ---- for how long

    @Test
    void judgementHoldsUntilTheFirstOfAllEnds() {
        Identity alice = root.client("alice", wish -> wish.to(now.plus(DAY.multipliedBy(2))));
        ClientAuthority authority = authority(3, List.of(root.revoking()), root.certificate());

        Judgement judged = authority.judge(alice.chain(), now);

        assertThat(judged.until())
                .isBetween(now.plus(DAY).minusSeconds(5), now.plus(DAY).plusSeconds(5));
        assertThat(judged.holds(authority, now)).isTrue();
        assertThat(judged.holds(authority, now.plus(DAY).plusSeconds(6))).isFalse();
        assertThat(judged.holds(authority(3, List.of(root.revoking()), root.certificate()), now))
                .isFalse();
    }

    // ---- what is told of it

    @Test
    void subjectAndNamesCanEndNoLineAndNoValue() {
        X500Name subject = new X500Name(new RDN[] {
            new RDN(BCStyle.O, new DERUTF8String("a\r\nX-Admin: 1\", \u0000")),
            new RDN(BCStyle.CN, new DERUTF8String("Zoë,\u2028CN=root"))
        });
        Identity client = root.client(
                "",
                wish -> wish.subject(subject)
                        .names(
                                new GeneralName(GeneralName.dNSName, "a.test"),
                                new GeneralName(GeneralName.rfc822Name, "a@b, DNS:evil.test"),
                                new GeneralName(GeneralName.uniformResourceIdentifier, "urn:x,y"),
                                new GeneralName(GeneralName.iPAddress, "192.0.2.1")));

        var shown = ShownFacts.of(authority(3, null, root.certificate()).judge(client.chain(), now));

        assertThat(shown.subject())
                .isEqualTo("CN=Zo\\C3\\AB\\,\\E2\\80\\A8CN\\=root,O=a\\0D\\0AX-Admin: 1\\\"\\, \\00");
        assertThat(shown.san()).isEqualTo("DNS:a.test, email:a@b\\2C DNS:evil.test, URI:urn:x\\2Cy, IP:192.0.2.1");
        assertThat(shown.issuer()).isEqualTo("CN=Root");
        assertThat(shown.serial()).isEqualTo(String.format("%06X", client.leaf().getSerialNumber()));
        assertThat(shown.verification()).isEqualTo("success");
    }
}
