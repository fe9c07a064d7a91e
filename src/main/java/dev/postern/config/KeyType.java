package dev.postern.config;

public enum KeyType {
    EC_P256("ec-p256"),
    EC_P384("ec-p384"),
    RSA_2048("rsa-2048"),
    RSA_3072("rsa-3072"),
    RSA_4096("rsa-4096");

    private final String text;

    KeyType(String text) {
        this.text = text;
    }

    public boolean isRsa() {
        return this != EC_P256 && this != EC_P384;
    }

    public String text() {
        return text;
    }
}
