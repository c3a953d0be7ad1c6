// A program that a test runs: started with files as its streams, waited for without polling, ended by its id.

import Foundation
import Glibc
import Synchronization

/// A running program. Its output goes to files, so that nothing blocks and a failed test can show it.
final class TestProcess: Sendable {
    private struct State {
        /// The exit code, or 128 and the signal that ended it.
        var ending: Int32?
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    private let process = Process()
    private let state = Mutex(State())

    let pid: pid_t

    /// - Parameters:
    ///   - environment: the whole of it; nothing is inherited.
    ///   - input: a file; nil: nothing to read.
    ///   - output: a file, appended to; the same for both streams is fine.
    init(
        _ program: String, _ arguments: [String], environment: [String: String], directory: String,
        input: String? = nil,
        output: String, errors: String
    ) throws {
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = environment
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        if let input {
            process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: input))
        } else {
            process.standardInput = FileHandle.nullDevice
        }
        process.standardOutput = try Self.appending(to: output)
        process.standardError = try Self.appending(to: errors)
        let state = Weak()
        process.terminationHandler = { process in
            state.value.withLock { $0 }?.ended(
                process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus)
        }
        try process.run()
        pid = process.processIdentifier
        state.value.withLock { $0 = self }
        // It may have ended before it was known whom to tell.
        if !process.isRunning {
            ended(process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus)
        }
    }

    private final class Weak: Sendable {
        let value = Mutex<TestProcess?>(nil)
    }

    private static func appending(to path: String) throws -> FileHandle {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StackFailure("can't write \(path)") }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    private func ended(_ code: Int32) {
        let waiters = state.withLock { state in
            state.ending = code
            defer { state.waiters.removeAll() }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The exit code, or 128 and the signal that ended it; nil while it runs.
    var ending: Int32? { state.withLock { $0.ending } }

    func signal(_ number: Int32) {
        if ending == nil { kill(pid, number) }
    }

    /// Waits for the end.
    ///
    /// - Returns: as ``ending``; nil when it still runs after the time-out.
    func wait(timeout: Duration) async -> Int32? {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.waitForEnd() }
            group.addTask { try? await Task.sleep(for: timeout) }
            await group.next()
            group.cancelAll()
        }
        return ending
    }

    private func waitForEnd() async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    guard state.ending == nil, !Task.isCancelled else { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}

/// Why a test's surroundings could not be set up, or what it waited for in vain.
struct StackFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// What `/proc` tells of processes.
enum Processes {
    /// The direct children of a process, in the order of their ids.
    static func children(of parent: pid_t) -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { status(of: $0)?.parent == parent }.sorted()
    }

    /// Whether the process is there and has not ended.
    static func isAlive(_ pid: pid_t) -> Bool {
        guard let state = status(of: pid)?.state else { return false }
        return state != "Z" && state != "X"
    }

    /// - Returns: `nil` if the process is gone.
    static func parent(of pid: pid_t) -> pid_t? { status(of: pid)?.parent }

    /// Stops a process, but not in the middle of a commit: it would keep the data store's write lock, for which all others
    /// wait.
    ///
    /// - Parameter dataFolder: the one that it works on.
    /// - Returns: whether it is stopped; `false` if it ended first.
    static func stop(_ pid: pid_t, outsideOfCommitsTo dataFolder: String) async throws -> Bool {
        let lock = open("\(dataFolder)/write.lock", O_RDWR | O_CLOEXEC)
        guard lock >= 0 else { throw StackFailure("\(dataFolder) has no write.lock") }
        defer { close(lock) }
        try await poll("the write lock") { flock(lock, LOCK_EX | LOCK_NB) == 0 }
        kill(pid, SIGSTOP)
        try await poll("\(pid) to be stopped") {
            guard isAlive(pid) else { return true }
            let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
            return threads.allSatisfy { status(of: "\(pid)/task/\($0)")?.state == "T" }
        }
        return isAlive(pid)
    }

    private static func status(of pid: pid_t) -> (state: Substring, parent: pid_t)? { status(of: "\(pid)") }

    private static func status(of process: String) -> (state: Substring, parent: pid_t)? {
        // "1 (a name) S 0 …": the name may have any characters in it.
        guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return nil }
        let fields = String(decoding: data, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 1, let parent = pid_t(fields[1]) else { return nil }
        return (fields[0], parent)
    }
}
