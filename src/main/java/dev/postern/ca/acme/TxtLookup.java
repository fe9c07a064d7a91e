package dev.postern.ca.acme;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import javax.naming.NameNotFoundException;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.DirContext;
import javax.naming.directory.InitialDirContext;

/** What the DNS says in TXT records. */
@FunctionalInterface
public interface TxtLookup {
    /** The values of a name, in any order; none where there is no such name. May wait for the network. */
    List<String> lookUp(String name) throws IOException;

    /** Through the resolvers of this machine. */
    static TxtLookup system() {
        return name -> ask("dns:", name);
    }

    /** Through one server, by IP address. */
    static TxtLookup at(InetSocketAddress server) {
        String host = server.getAddress().getHostAddress();
        String url = "dns://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + server.getPort();
        return name -> ask(url, name);
    }

    // Text from the DNS provider is text: nothing is deserialized. The API takes no other map.
    @SuppressWarnings({"BanJNDI", "JdkObsolete"})
    private static List<String> ask(String url, String name) throws IOException {
        Hashtable<String, String> environment = new Hashtable<>();
        environment.put("java.naming.factory.initial", "com.sun.jndi.dns.DnsContextFactory");
        environment.put("java.naming.provider.url", url);
        environment.put("com.sun.jndi.dns.timeout.initial", "2000"); // ms; doubled for the second try
        environment.put("com.sun.jndi.dns.timeout.retries", "2");
        List<String> values = new ArrayList<>();
        try {
            DirContext context = new InitialDirContext(environment);
            try {
                Attribute records =
                        context.getAttributes(name, new String[] {"TXT"}).get("TXT");
                if (records == null) {
                    return values;
                }
                NamingEnumeration<?> all = records.getAll();
                while (all.hasMore()) {
                    values.add(String.valueOf(all.next()));
                }
                return values;
            } finally {
                context.close();
            }
        } catch (NameNotFoundException e) {
            return values;
        } catch (NamingException e) {
            throw new IOException(name + ": TXT lookup failed: " + e.getMessage(), e);
        }
    }
}
