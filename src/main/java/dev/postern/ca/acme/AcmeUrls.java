package dev.postern.ca.acme;

/**
 * The address of every resource.
 *
 * @param base scheme and authority, without a trailing slash
 */
record AcmeUrls(String base) {
    String directory() {
        return base + "/directory";
    }

    String newNonce() {
        return base + "/new-nonce";
    }

    String newAccount() {
        return base + "/new-account";
    }

    String newOrder() {
        return base + "/new-order";
    }

    String revokeCertificate() {
        return base + "/revoke-cert";
    }

    String keyChange() {
        return base + "/key-change";
    }

    /** @param edition counts from 1; a new one has another URL */
    String terms(int edition) {
        return base + "/terms" + (edition == 1 ? "" : "/" + edition);
    }

    String renewal() {
        return base + "/renewal-info";
    }

    /** Where the owner of an account lets it order names again. */
    String unpause(String accountId) {
        return base + "/unpause/" + accountId;
    }

    String account(Account account) {
        return account(account.id());
    }

    String account(String id) {
        return base + "/account/" + id;
    }

    String orders(Account account) {
        return account(account) + "/orders";
    }

    String order(Order order) {
        return base + "/order/" + order.id();
    }

    String finalization(Order order) {
        return order(order) + "/finalize";
    }

    String authorization(Authorization authorization) {
        return base + "/authorization/" + authorization.id();
    }

    String challenge(Challenge challenge) {
        return base + "/challenge/" + challenge.id();
    }

    String certificate(String id) {
        return base + "/certificate/" + id;
    }

    /** @param number of the alternate chain, from 1 */
    String alternate(String id, int number) {
        return certificate(id) + "/" + number;
    }

    /** The id of the account with this URL; empty where the URL is not that of an account here. */
    String accountId(String url) {
        String prefix = base + "/account/";
        return url.startsWith(prefix) ? url.substring(prefix.length()) : "";
    }
}
