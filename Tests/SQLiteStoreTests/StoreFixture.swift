import Foundation
import GRDB
import Glibc
import Logging
import RelayCore
import SQLiteStore
import Vault

/// A data directory that goes away with the object.
final class Directory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/byoc-store-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var database: String { path + "/byoc.sqlite" }

    /// Each file of the directory and what is below it, with its bits of permission.
    func modes() throws -> [String: Int] {
        var modes: [String: Int] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
            modes[name] = (attributes[.posixPermissions] as? NSNumber)?.intValue
        }
        return modes
    }
}

let testKey = EncryptionKey()

func open(
    _ directory: Directory, key: EncryptionKey = testKey,
    _ adjust: (inout SQLiteStoreConfiguration) -> Void = { _ in }
) throws(StoreFailure) -> SQLiteStore {
    var configuration = SQLiteStoreConfiguration(directory: directory.path)
    adjust(&configuration)
    return try SQLiteStore.open(
        configuration, key: key, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
}

/// What kind of refusal a body ends with; `nil` when with none.
func refusal(_ body: () throws -> Void) -> StoreFailure? {
    do {
        try body()
        return nil
    } catch {
        return error as? StoreFailure
    }
}

let start = Date(timeIntervalSince1970: 1_790_000_000)

/// An installation with accounts of its own.
func sample(_ id: InstallationID = "viber-1") -> Installation {
    Installation(
        id: id,
        channel: ChannelAccount(
            id: ChannelAccountID("viber-acct-of-\(id)"), kind: "viber",
            secrets: ["auth_token": Secret("channel-secret-of-\(id)")],
            endpoints: [Endpoint(.target, token: Secret("target-secret-of-\(id)"))],
            registeredURL: "https://example.com/target-secret-of-\(id)"),
        helpdesk: HelpdeskAccount(
            id: HelpdeskAccountID("freshchat-of-\(id)"), baseURL: "https://shop.freshchat.com/v2",
            token: Secret("freshchat-secret-of-\(id)"),
            endpoints: [
                Endpoint(.helpdesk, token: Secret("helpdesk-secret-of-\(id)")),
                Endpoint(.event, token: Secret("event-secret-of-\(id)")),
            ]), topic: "topic-1", name: "The shop", createdAt: start)
}

/// A customer's message to an installation that was stored as ``sample(_:)``.
func message(
    _ text: String, from user: ChannelUserID = "anna", to installation: InstallationID = "viber-1",
    key: DedupeKey? = nil
) -> Acceptance {
    message(text, from: user, to: sample(installation), key: key)
}

func message(
    _ text: String, from user: ChannelUserID, to installation: Installation, key: DedupeKey? = nil
) -> Acceptance {
    Acceptance(
        account: .channel(installation.channel.id), routes: [installation.route],
        arrivals: [
            Acceptance.Arrival(
                dedupeKey: key ?? DedupeKey("\(user)/\(text)"),
                content: .message(
                    InboundPayload(
                        id: ChannelMessageID(text), profile: ContactProfile(userID: user), message: Message(text: text))
                ))
        ], at: start)
}

/// The gate of the channel account of ``sample(_:)``.
let channelGate = GateScope.account(.channel("viber-acct-of-viber-1"))

/// Runs a body that blocks on a thread of its own, as request threads are.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result(catching: body)) }.start()
    }
}

/// Another program's hold on a lock file.
final class ForeignLock: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0, flock(descriptor, LOCK_EX) == 0 else {
            throw StoreFailure(.unavailable, "the test's lock can't be taken")
        }
    }

    func release() { flock(descriptor, LOCK_UN) }

    deinit { close(descriptor) }
}

/// Random numbers that are the same in each run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        // SplitMix64 (Steele, Lea and Flood, 2014).
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Looks into the file, or changes it, past the store.
func inFile<Value>(of directory: Directory, _ body: (Database) throws -> Value) throws -> Value {
    let queue = try DatabaseQueue(path: directory.database)
    defer { try? queue.close() }
    return try queue.writeWithoutTransaction(body)
}
