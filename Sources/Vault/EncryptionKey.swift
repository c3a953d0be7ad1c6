import Crypto
package import FoundationEssentials
package import RelayCore

/// The key that secrets are encrypted with before they are stored: 256 bits.
package struct EncryptionKey: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    /// Names the key without giving it away: stored beside what it encrypted.
    package let id: String

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        let digest = SHA256.hash(data: Data("byoc secret key".utf8) + Data(bytes))
        id = digest.prefix(4).hexadecimal
    }

    /// A new one, from the system's randomness.
    package init() {
        self.init(bytes: SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) })
    }

    /// Reads a key as people paste it: 32 bytes in base64 (either alphabet, padded or not) or in hexadecimal digits.
    ///
    /// - Throws: `wrongKey` with what is expected, never with the text itself.
    package init(parsing text: String) throws(StoreFailure) {
        let text = text.trimmingWhiteSpace()
        if let bytes = [UInt8](hexadecimal: text), bytes.count == 32 {
            self.init(bytes: bytes)
            return
        }
        var base64 = text.replacing("-", with: "+").replacing("_", with: "/")
        while base64.hasSuffix("=") { base64.removeLast() }
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: base64), data.count == 32 else {
            throw StoreFailure(
                .wrongKey,
                "the secret key is not 32 bytes in base64 or hexadecimal digits. Make one with `openssl rand -base64 32`."
            )
        }
        self.init(bytes: Array(data))
    }

    package var description: String { "key \(id)" }
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// 32 bytes that stand for this purpose and tell nothing of the key or of those for other purposes (HKDF).
    package func derive(_ purpose: String) -> [UInt8] {
        let derived = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: bytes), info: Data(purpose.utf8), outputByteCount: 32)
        return derived.withUnsafeBytes { Array($0) }
    }

    /// The key as ``init(parsing:)`` reads it, for the key file.
    var base64: String { Data(bytes).base64EncodedString() }
}

extension EncryptionKey: SecretSealing {
    /// AES-GCM with a fresh random nonce, which stands in front of the result.
    package func seal(_ clear: Data, context: String) throws(StoreFailure) -> Data {
        do {
            let box = try AES.GCM.seal(
                clear, using: SymmetricKey(data: bytes), authenticating: Data(context.utf8))
            guard let combined = box.combined else { throw CryptoKitError.incorrectParameterSize }
            return combined
        } catch {
            throw StoreFailure(.unavailable, "the secrets of \(context) can't be encrypted: \(error)")
        }
    }

    package func open(_ sealed: Data, context: String) -> Data? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed) else { return nil }
        return try? AES.GCM.open(box, using: SymmetricKey(data: bytes), authenticating: Data(context.utf8))
    }
}
