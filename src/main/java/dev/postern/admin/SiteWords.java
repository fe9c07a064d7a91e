package dev.postern.admin;

import java.util.List;

/** What is known of the care for the certificate of a site, in words. May take its time. */
public interface SiteWords {
    /** Why the next attempt is when it is; empty where there is nothing to say. */
    String whyThen(String site);

    /** All of it, {@code what: text} in each line; none where no issuer is asked for the site. */
    List<String> explain(String site);
}
