package dev.postern.bench.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What h2load did, which speaks HTTP/1.1 as well and looks at every answer.
 *
 * @param seconds how long it took
 * @param bytes of bodies
 */
record Load(long requests, double seconds, double bytes) {
    private static final Pattern FINISHED = Pattern.compile("finished in ([0-9.]+)(us|ms|s), ");
    private static final Pattern REQUESTS = Pattern.compile(
            "requests: \\d+ total, (\\d+) started, (\\d+) done, (\\d+) succeeded, (\\d+) failed, (\\d+) errored, (\\d+) timeout");
    private static final Pattern STATUS = Pattern.compile("status codes: (\\d+) 2xx");
    private static final Pattern DATA = Pattern.compile("\\((\\d+)\\) data");

    /**
     * @param path what to ask for, where {@code more} names no list
     * @param length how long each body has to be, in the mean
     * @param more options of h2load
     * @throws Failed where an answer is not 2xx, or is not as long as it should be
     */
    static Load h2load(Cores cores, int port, Door door, String path, double length, List<String> more) {
        List<String> command = new ArrayList<>(List.of("h2load", "--connect-to=127.0.0.1:" + port));
        command.addAll(more);
        command.add((door.isTls() ? "https://" : "http://") + door.host() + ":" + port + path);
        String said = Programs.run(cores.others(command));
        Matcher finished = find(FINISHED, said, command);
        Matcher requests = find(REQUESTS, said, command);
        long done = Long.parseLong(requests.group(2));
        long succeeded = Long.parseLong(requests.group(3));
        double bytes = Double.parseDouble(find(DATA, said, command).group(1));
        boolean isAllWell = done > 0
                && succeeded == done
                && Long.parseLong(find(STATUS, said, command).group(1)) == done
                && Math.abs(bytes - done * length) < 1;
        if (!isAllWell) {
            throw new Failed(
                    String.join(" ", command) + ": not every answer was a good one of " + length + " bytes:\n" + said);
        }
        double unit = switch (finished.group(2)) {
            case "us" -> 1e-6;
            case "ms" -> 1e-3;
            default -> 1;
        };
        return new Load(done, Double.parseDouble(finished.group(1)) * unit, bytes);
    }

    /** What is agreed on with who takes what it is offered. */
    static String cipher(int port) {
        List<String> command =
                List.of("h2load", "--h1", "--connect-to=127.0.0.1:" + port, "https://localhost:" + port + "/small");
        return find(Pattern.compile("Cipher: (\\S+)"), Programs.run(command), command)
                .group(1);
    }

    private static Matcher find(Pattern pattern, String said, List<String> command) {
        Matcher matcher = pattern.matcher(said);
        if (!matcher.find()) {
            throw new Failed(String.join(" ", command) + ": says nothing of " + pattern + ":\n" + said);
        }
        return matcher;
    }
}
