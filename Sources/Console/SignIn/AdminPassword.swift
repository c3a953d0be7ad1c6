import Crypto
import CryptoExtras
import FoundationEssentials
import RelayCore

/// The admin's password, or the hash of it that `byoc hash-password` makes.
package struct AdminPassword: Hashable, Sendable {
    /// The least that is taken for a password.
    package static let shortest = 12

    /// scrypt's cost for new hashes: N = 2^15, r = 8, p = 1, which takes 32 MiB and some 100 ms.
    private static let cost = Cost(log2Rounds: 15, blockSize: 8, parallelism: 1)
    private static let mark = "scrypt"

    /// scrypt's N, as a power of two, r and p (RFC 7914 §2).
    private struct Cost: Hashable {
        var log2Rounds: Int
        var blockSize: Int
        var parallelism: Int

        /// The memory limit of the derivation, in bytes.
        static let mostMemory = 1 << 30

        /// Why no key can be derived with it, or none that is worth it; `nil` when one can.
        var problem: String? {
            guard (14...20).contains(log2Rounds) else { return "its N is 2^\(log2Rounds), and can be 2^14 to 2^20" }
            guard (1...32).contains(blockSize) else { return "its r is \(blockSize), and can be 1 to 32" }
            guard (1...16).contains(parallelism) else { return "its p is \(parallelism), and can be 1 to 16" }
            // RFC 7914 §2: N is less than 2^(128 * r / 8).
            guard log2Rounds < 16 * blockSize else { return "with r = \(blockSize) its N has to be less than 2^16" }
            // As BoringSSL counts (scrypt.c, EVP_PBE_scrypt): N + p + 1 blocks of 128 * r bytes.
            let memory = 128 * blockSize * ((1 << log2Rounds) + parallelism + 1)
            guard memory <= Self.mostMemory else {
                return "with N = 2^\(log2Rounds) and r = \(blockSize) it needs \((memory >> 20) + 1) MiB, and can have "
                    + "\(Self.mostMemory >> 20)"
            }
            return nil
        }
    }

    private enum Form: Hashable {
        case plain(Secret)
        case hashed(Cost, salt: [UInt8], hash: [UInt8])
    }

    private let form: Form
    private let text: Secret

    /// Why a text can't be used as a password.
    package struct Fault: Error, Hashable, CustomStringConvertible {
        /// The problem and the expected form. It contains nothing of the text.
        package var description: String
    }

    /// - Returns: `nil` for what ``init(parsing:)`` refuses.
    package init?(_ text: String) {
        do {
            try self.init(parsing: text)
        } catch {
            return nil
        }
    }

    /// - Throws: for less than ``shortest`` characters, for something that begins like a hash and is none, and for a hash
    ///   that no password could ever match because its costs are over what can be computed.
    package init(parsing text: String) throws(Fault) {
        self.text = Secret(text)
        guard text.hasPrefix(Self.mark + ":") else {
            guard text.count >= Self.shortest else {
                throw Fault(
                    description: "it has \(text.count) characters; expected at least \(Self.shortest), or a whole hash")
            }
            form = .plain(Secret(text))
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6, let log2Rounds = Int(parts[1]), let blockSize = Int(parts[2]),
            let parallelism = Int(parts[3]), let salt = String(parts[4]).base64URLDecoded,
            let hash = String(parts[5]).base64URLDecoded, salt.count >= 16, hash.count == 32
        else {
            throw Fault(
                description:
                    "it begins like a hash and isn't a whole one; expected all of what byoc hash-password printed")
        }
        let cost = Cost(log2Rounds: log2Rounds, blockSize: blockSize, parallelism: parallelism)
        if let problem = cost.problem {
            throw Fault(
                description: "no password could match this hash: \(problem). Make another with byoc hash-password")
        }
        form = .hashed(cost, salt: salt, hash: hash)
    }

    /// The form of the hash in the environment: `scrypt:15:8:1:<salt>:<hash>`. It has no character that
    /// a shell or an environment file takes for anything else.
    ///
    /// - Parameter salt: `nil` for 16 random bytes.
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
            blockSize: cost.blockSize, parallelism: cost.parallelism, maxMemory: Cost.mostMemory
        ).withUnsafeBytes { Array($0) }
    }
}
