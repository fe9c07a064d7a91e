package dev.postern.ca.acme;

import dev.postern.ca.ServerName;
import dev.postern.config.Addresses;
import java.io.IOException;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.util.Set;
import java.util.TreeSet;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/**
 * What a CSR asks for: <a href="https://datatracker.ietf.org/doc/html/rfc2986">RFC 2986</a>.
 *
 * @param names lower-case, from the common name and the subject alternative name
 */
record SigningRequest(PublicKey key, Set<String> names) {
    /** @param trusted whether its signature is taken for granted, {@link AcmeOptions#trustSignatures} */
    static SigningRequest parse(byte[] der, boolean trusted) throws AcmeRefusal {
        try {
            JcaPKCS10CertificationRequest csr = new JcaPKCS10CertificationRequest(der);
            PublicKey key = csr.getPublicKey();
            if (!KeyPolicy.accepts(key)) {
                throw refused("unsupported key (expected: RSA of 2048 to 4096 bits, P-256 or P-384)");
            }
            if (!trusted && !csr.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
                throw refused("its signature does not fit its key");
            }
            return new SigningRequest(key, names(csr));
        } catch (IOException
                | GeneralSecurityException
                | OperatorCreationException
                | PKCSException
                | RuntimeException e) { // the ASN.1 parser throws whatever it runs into
            throw refused("not a certification request: " + e.getMessage());
        }
    }

    static AcmeRefusal refused(String why) {
        return AcmeRefusal.because(ProblemType.BAD_CSR, "csr: " + why);
    }

    private static Set<String> names(JcaPKCS10CertificationRequest csr) throws AcmeRefusal, IOException {
        Set<String> names = new TreeSet<>();
        for (RDN commonName : csr.getSubject().getRDNs(BCStyle.CN)) {
            names.add(ServerName.canonical(
                    IETFUtils.valueToString(commonName.getFirst().getValue())));
        }
        Extensions extensions = csr.getRequestedExtensions();
        GeneralNames alternativeNames =
                extensions == null ? null : GeneralNames.fromExtensions(extensions, Extension.subjectAlternativeName);
        if (alternativeNames != null) {
            for (GeneralName name : alternativeNames.getNames()) {
                names.add(ServerName.canonical(
                        switch (name.getTagNo()) {
                            case GeneralName.dNSName -> name.getName().toString();
                            case GeneralName.iPAddress ->
                                Addresses.text(InetAddress.getByAddress(ASN1OctetString.getInstance(name.getName())
                                        .getOctets()));
                            default -> throw refused("asks for a name that is neither a host name nor an address");
                        }));
            }
        }
        return names;
    }
}
