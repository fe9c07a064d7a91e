package dev.postern.schedule;

import dev.postern.certificate.care.Renewals;
import dev.postern.machine.MachineErrors;
import org.quartz.Job;
import org.quartz.JobExecutionContext;
import org.quartz.JobKey;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What every trigger does; which one it is says what is woken. On a thread of Quartz. */
final class Wake implements Job {
    private static final Logger LOG = LoggerFactory.getLogger(Wake.class);

    private final Renewals renewals;
    private final ScheduledRuns runs;
    private final Later later;

    /** Has work done a little later. */
    @FunctionalInterface
    interface Later {
        void putOff(ScheduledWork work);
    }

    Wake(Renewals renewals, ScheduledRuns runs, Later later) {
        this.renewals = renewals;
        this.runs = runs;
        this.later = later;
    }

    @Override
    public void execute(JobExecutionContext context) {
        try {
            JobKey key = context.getJobDetail().getKey();
            if (key.equals(Schedule.CLOCK_JOB)) {
                renewals.clockWasSet();
            } else if (key.equals(Schedule.WAKE_JOB)) {
                renewals.wake(context.getTrigger().getKey().getName());
            } else {
                // The expression makes the one trigger, the delay the other.
                boolean byExpression = context.getTrigger().getKey().getName().equals(key.getName())
                        && context.getTrigger().getKey().getGroup().equals(key.getGroup());
                execute(ScheduledWork.named(key.getName()), byExpression);
            }
        } catch (RuntimeException | Error e) {
            MachineErrors.check(e);
            LOG.error("looking after the certificates: {}; done again with the next sweep", e.toString(), e);
        }
    }

    private void execute(ScheduledWork work, boolean byExpression) {
        if (work == ScheduledWork.SWEEP) {
            renewals.sweep();
        } else if (work.asksCa() && byExpression) {
            later.putOff(work);
        } else {
            runs.begin(work);
        }
    }
}
