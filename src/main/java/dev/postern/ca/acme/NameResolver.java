package dev.postern.ca.acme;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** Where the server of a name is to be found. */
@FunctionalInterface
public interface NameResolver {
    /** The resolver of this machine. */
    NameResolver SYSTEM = name -> List.of(InetAddress.getAllByName(name));

    /** All addresses, in the order in which to try them. May wait for the network. */
    List<InetAddress> resolve(String name) throws UnknownHostException;
}
