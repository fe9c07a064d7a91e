package dev.postern.config.read;

import dev.postern.config.Addresses;
import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import dev.postern.config.Site;
import java.util.regex.Pattern;

/** The address that a CA writes to: the plain form, without comments or quoting, which is all that CAs accept. */
final class EmailAddress {
    private static final Pattern LOCAL_PART = Pattern.compile("[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}");

    static final Scalar<String> SCALAR = new Scalar<>("an address such as ops@example.com", text -> {
        int at = text.lastIndexOf('@');
        if (at < 0) {
            throw new NotUnderstood("has no @");
        }
        if (!LOCAL_PART.matcher(text.substring(0, at)).matches()) {
            throw new NotUnderstood("");
        }
        String domain = HostName.SITE.parse(text.substring(at + 1));
        if (HostName.isWildcard(domain) || domain.equals(Site.ANY) || Addresses.isAddress(domain)) {
            throw new NotUnderstood("");
        }
        return text;
    });

    private EmailAddress() {}
}
