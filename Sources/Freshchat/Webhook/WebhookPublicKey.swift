import Crypto
import CryptoExtras
import FoundationEssentials
package import RelayCore
import Synchronization

/// The key that verifies Freshchat's conversation webhooks (freshchat.md §2.2).
package struct WebhookPublicKey: Sendable {
    private let key: _RSA.Signing.PublicKey

    /// Reads the key in any shape that copying produces.
    ///
    /// Freshchat shows it with a label for another form than it has, and settings pages, shells and `.env` files change its
    /// lines. So only its Base64 counts: label, line ends (also missing, written as `\n`, or turned into spaces), quotes around
    /// it, invisible characters, and lines before and behind the block don't matter. It may be an SPKI or a PKCS#1 structure.
    ///
    /// - Throws: a failure for the admin who pasted it: empty, not a public key, a private key, shorter than 2048 bits.
    package init(parsing pasted: String) throws(SetupFailure) {
        let text = pasted.replacing("\\r", with: "").replacing("\\n", with: "\n")
        guard !text.uppercased().contains("PRIVATE KEY-----") else {
            throw Self.refused("That is a private key. Never paste one anywhere.")
        }
        guard !text.uppercased().contains("CERTIFICATE-----") else {
            throw Self.refused("A certificate, not a public key.")
        }
        let base64 = Self.base64(in: text)
        guard !base64.isEmpty else { throw Self.refused("The public key is empty.") }
        guard let bytes = Data(base64Encoded: base64), !bytes.isEmpty else {
            throw Self.refused("The public key is incomplete or has other text between its lines.")
        }
        do {
            key = try _RSA.Signing.PublicKey(derRepresentation: bytes)
        } catch CryptoKitError.incorrectParameterSize {
            throw Self.refused("The public key is shorter than 2048 bits.")
        } catch {
            throw Self.refused("Not an RSA public key.")
        }
    }

    /// Whether a Base64 signature matches exactly these bytes: RSA, PKCS#1 v1.5, SHA-256.
    package func isValid(signature: String, over body: [UInt8]) -> Bool {
        guard let bytes = Data(base64Encoded: signature.trimmingWhiteSpace()), !bytes.isEmpty else { return false }
        return key.isValidSignature(
            _RSA.Signing.RSASignature(rawRepresentation: bytes), for: SHA256.hash(data: body),
            padding: .insecurePKCS1v1_5)
    }

    /// The text between the marker lines, or all of it without them. Quotes, white space and invisible characters are
    /// removed, and padding that copying may lose is restored.
    private static func base64(in text: String) -> String {
        var block = text[...]
        // "-----BEGIN … KEY-----" and its end may be on one line with the rest.
        if let begin = block.firstRange(of: "-----BEGIN") {
            let behind = block[begin.upperBound...]
            block = behind.firstRange(of: "-----").map { behind[$0.upperBound...] } ?? behind
        }
        if let end = block.firstRange(of: "-----") { block = block[..<end.lowerBound] }
        let quotes: Set<Unicode.Scalar> = ["\"", "'", "`", "“", "”", "‘", "’"]
        var result = String.UnicodeScalarView()
        result.append(
            contentsOf: block.unicodeScalars.lazy.filter {
                !$0.properties.isWhitespace && !$0.properties.isDefaultIgnorableCodePoint && !quotes.contains($0)
            })
        while result.last == "=" { result.removeLast() }
        return result.isEmpty ? "" : String(result) + String(repeating: "=", count: (4 - result.count % 4) % 4)
    }

    private static func refused(_ problem: String) -> SetupFailure {
        SetupFailure(
            side: "Freshchat", problem: problem,
            remedy: """
                Copy the whole key, with its BEGIN and END lines, from Freshchat's Admin > Marketplace and Integrations > \
                Conversation Webhooks (older accounts: Settings > Webhooks).
                """)
    }
}

/// Keys by the text they were read from: reading one costs more than verifying with it. A changed setting is another text,
/// so nothing in here can be out of date.
final class WebhookKeyCache: Sendable {
    private static let capacity = 256
    private let keys = Mutex<[String: WebhookPublicKey]>([:])

    func key(parsing text: String) throws(SetupFailure) -> WebhookPublicKey {
        if let key = keys.withLock({ $0[text] }) { return key }
        let key = try WebhookPublicKey(parsing: text)
        keys.withLock { keys in
            if keys.count >= Self.capacity { keys.removeAll() }
            keys[text] = key
        }
        return key
    }
}
