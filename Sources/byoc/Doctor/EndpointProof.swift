import Crypto
import Foundation
import Glibc
import RelayCore
import Vault

/// Proves that a URL or a socket reaches workers that use this data folder.
///
/// The doctor writes a one-time number into the data folder and requests `/hook/proof-<number>`; a worker that finds the
/// number there responds with its code under a key derived from the store's. Others learn nothing from it: for a number
/// that isn't in the folder the response is that for any unknown target URL, and only the folder's owner can put one
/// there. Every web server passes this path to byoc already.
struct EndpointProof: Sendable {
    private static let prefix = "/hook/proof-"
    private static let length = 32

    private let folder: String
    private let key: SymmetricKey

    init(dataDirectory: String, key: EncryptionKey) {
        folder = dataDirectory + "/proof"
        self.key = SymmetricKey(data: key.derive("endpoint proof"))
    }

    /// - Parameter path: below our own prefix.
    /// - Returns: `nil` for any path but that of a number in the folder.
    func answer(to path: String) -> String? {
        guard path.hasPrefix(Self.prefix) else { return nil }
        let number = path.dropFirst(Self.prefix.count)
        // Nothing but digits gets near a file's name.
        guard number.utf8.count == Self.length, number.utf8.allSatisfy(Self.isDigit),
            access("\(folder)/\(number)", F_OK) == 0
        else { return nil }
        return code(of: String(number))
    }

    /// Runs with a number in the folder.
    ///
    /// - Parameter body: gets the path to ask for, and the one right answer.
    func withNumber<Result>(_ body: (_ path: String, _ answer: String) async -> Result) async throws -> Result {
        if mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw CommandFailure("The folder \(folder) can't be created: \(String(cString: strerror(errno)))")
        }
        let number = (0..<Self.length).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
        let file = "\(folder)/\(number)"
        let descriptor = open(file, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure("The file \(file) can't be created: \(String(cString: strerror(errno)))")
        }
        close(descriptor)
        defer { unlink(file) }
        return await body(Self.prefix + number, code(of: number))
    }

    private func code(of number: String) -> String {
        HMAC<SHA256>.authenticationCode(for: Array(number.utf8), using: key).hexadecimal
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
