package dev.postern.ca.acme;

/** A request is answered with a problem document instead of what it asked for. */
final class AcmeRefusal extends Exception {
    private static final long serialVersionUID = 1;

    private final transient AcmeReply reply;
    private final ProblemType type;

    private AcmeRefusal(Problem problem, AcmeReply reply) {
        super(problem.detail(), null, false, false); // the ordinary course of things, not worth a stack trace
        this.type = problem.type();
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
        return with(AcmeReply.problem(status, problem), problem);
    }

    /** With further headers or members. */
    static AcmeRefusal with(AcmeReply reply, Problem problem) {
        return new AcmeRefusal(problem, reply);
    }

    static AcmeRefusal malformed(String detail) {
        return because(ProblemType.MALFORMED, detail);
    }

    static AcmeRefusal notFound(String what) {
        return with(404, Problem.of(ProblemType.MALFORMED, what + " not found"));
    }

    ProblemType type() {
        return type;
    }

    AcmeReply reply() {
        return reply;
    }
}
