import Crypto
import CryptoExtras
import FoundationEssentials
import RelayCore

/// What the admin signs in with: the password itself, or what `byoc hash-password` made of it.
package struct AdminPassword: Hashable, Sendable {
    /// The least that is taken for a password.
    package static let shortest = 12

    /// scrypt's cost for new hashes: N = 2^15, r = 8, p = 1, which takes 32 MiB and some 100 ms.
    private static let cost = Cost(log2Rounds: 15, blockSize: 8, parallelism: 1)
    private static let mark = "scrypt"

    private struct Cost: Hashable {
        var log2Rounds: Int
        var blockSize: Int
        var parallelism: Int
    }

    private enum Form: Hashable {
        case plain(Secret)
        case hashed(Cost, salt: [UInt8], hash: [UInt8])
    }

    private let form: Form
    private let text: Secret

    /// - Returns: `nil` for less than ``shortest`` characters, and for something that begins like a hash and is none.
    package init?(_ text: String) {
        self.text = Secret(text)
        guard text.hasPrefix(Self.mark + ":") else {
            guard text.count >= Self.shortest else { return nil }
            form = .plain(Secret(text))
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, let log2Rounds = Int(parts[1]), let blockSize = Int(parts[2]),
            let parallelism = Int(parts[3]), (14...20).contains(log2Rounds), (1...32).contains(blockSize),
            (1...16).contains(parallelism), let salt = String(parts[4]).base64URLDecoded,
            let hash = String(parts[5]).base64URLDecoded, salt.count >= 16, hash.count == 32
        else { return nil }
        form = .hashed(
            Cost(log2Rounds: log2Rounds, blockSize: blockSize, parallelism: parallelism), salt: salt, hash: hash)
    }

    /// What stands in the environment in place of the password: `scrypt:15:8:1:<salt>:<hash>`. It has no character that
    /// a shell or an environment file takes for anything else.
    ///
    /// - Parameter salt: `nil`: 16 bytes by chance.
    package static func hash(_ password: String, salt: [UInt8]? = nil) throws -> String {
        let salt = salt ?? SymmetricKey(size: .bits128).withUnsafeBytes { Array($0) }
        let hash = try derive(password, salt, cost)
        return [
            mark, "\(cost.log2Rounds)", "\(cost.blockSize)", "\(cost.parallelism)", salt.base64URL, hash.base64URL,
        ].joined(separator: ":")
    }

    /// Whether it is this one. Takes the same time however much of it is right.
    func matches(_ password: String) -> Bool {
        switch form {
        case .plain(let secret):
            let key = SymmetricKey(size: .bits256)
            let right = HMAC<SHA256>.authenticationCode(for: Data(secret.reveal().utf8), using: key)
            return HMAC<SHA256>.isValidAuthenticationCode(right, authenticating: Data(password.utf8), using: key)
        case .hashed(let cost, let salt, let hash):
            guard let given = try? Self.derive(password, salt, cost) else { return false }
            return given.isEqualInConstantTime(to: hash)
        }
    }

    /// Changes with the password; tells nothing of it that its hash doesn't.
    var fingerprint: [UInt8] { Array(SHA256.hash(data: Data(text.reveal().utf8))) }

    private static func derive(_ password: String, _ salt: [UInt8], _ cost: Cost) throws -> [UInt8] {
        try KDF.Scrypt.deriveKey(
            from: Data(password.utf8), salt: salt, outputByteCount: 32, rounds: 1 << cost.log2Rounds,
            blockSize: cost.blockSize, parallelism: cost.parallelism, maxMemory: 1 << 30
        ).withUnsafeBytes { Array($0) }
    }
}
