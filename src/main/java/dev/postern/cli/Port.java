package dev.postern.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A TCP port on the command line. */
final class Port implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
        int port = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : -1;
        if (port < 0 || port > 65535) {
            throw new TypeConversionException("\"" + text + "\" (expected: a port from 0 to 65535)");
        }
        return port;
    }
}
