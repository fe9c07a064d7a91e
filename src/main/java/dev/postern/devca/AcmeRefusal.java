package dev.postern.devca;

/** A request is answered with a problem document instead of what it asked for. */
final class AcmeRefusal extends Exception {
    private static final long serialVersionUID = 1;

    private final transient Reply reply;

    private AcmeRefusal(String message, Reply reply) {
        super(message, null, false, false); // the ordinary course of things, not worth a stack trace
        this.reply = reply;
    }

    static AcmeRefusal because(ProblemType type, String detail) {
        return because(Problem.of(type, detail));
    }

    static AcmeRefusal because(Problem problem) {
        return with(problem.type().status(), problem);
    }

    /** With another status code than the type usually has. */
    static AcmeRefusal with(int status, Problem problem) {
        return with(Reply.problem(status, problem), problem);
    }

    /** With further headers or members. */
    static AcmeRefusal with(Reply reply, Problem problem) {
        return new AcmeRefusal(problem.detail(), reply);
    }

    static AcmeRefusal malformed(String detail) {
        return because(ProblemType.MALFORMED, detail);
    }

    static AcmeRefusal notFound(String what) {
        return with(404, Problem.of(ProblemType.MALFORMED, what + " not found"));
    }

    Reply reply() {
        return reply;
    }
}
