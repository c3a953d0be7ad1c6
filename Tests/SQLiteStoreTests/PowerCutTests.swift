import Foundation
import GRDB
import RelayCore
import SQLiteStore
import Synchronization
import Testing

/// What was answered as accepted, and when.
private final class Acknowledged: Sendable {
    private let entries = Mutex<[(text: String, moment: Int)]>([])

    var all: [(text: String, moment: Int)] { entries.withLock { $0 } }

    func add(_ text: String, at moment: Int) { entries.withLock { $0.append((text, moment)) } }
}

@Suite("A power cut")
struct PowerCutTests {
    @Test("Whatever was acknowledged before the cut is there after it, whole, and nothing is half there")
    func anyMoment() async throws {
        let disk = try FaultyDirectory()
        let recorder = PowerCutRecorder()
        disk.judge { step in
            recorder.record(step)
            return 0
        }
        let store = try open(disk.directory)
        try await store.save(sample(), now: start)
        let begin = recorder.now
        let acknowledged = Acknowledged()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    try await onThread {
                        for number in 0..<40 {
                            let text = "\(thread)/\(number) " + String(repeating: "long ", count: number * 20)
                            _ = try store.accept(message(text, from: ChannelUserID("user \(thread)")))
                            acknowledged.add(text, at: recorder.now)
                            // So that the log is begun anew now and then, and some cuts are in the middle of that.
                            if thread == 0, number % 8 == 7 {
                                try inFile(of: disk.directory) { try $0.execute(sql: "PRAGMA wal_checkpoint") }
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let end = recorder.now
        store.close()
        let all = acknowledged.all
        var chance = SeededGenerator(state: 20_261_125)
        for _ in 0..<60 {
            let moment = Int.random(in: begin...end, using: &chance)
            let copy = try Directory()
            try recorder.restore(to: copy.path, at: moment, by: &chance)
            try Data("byoc store\n".utf8).write(to: URL(fileURLWithPath: copy.path + "/write.lock"))
            let opened = try open(copy)
            let found = Set(try await opened.deliveries(DeliveryFilter(limit: 1000)).map(\.text))
            let lost = all.filter { $0.moment <= moment && !found.contains($0.text) }
            #expect(lost.isEmpty, "cut at \(moment) of \(end)")
            #expect(found.isSubset(of: all.map(\.text)))
            #expect(StoreMaintenance.findings(in: copy).isEmpty, "cut at \(moment) of \(end)")
            #expect(try opened.accept(message("afterwards")).accepted == 1)
            opened.close()
        }
    }

    @Test("Files that are copied in the middle of writing hold all that was acknowledged before the copying")
    func copied() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        let acknowledged = Mutex(0)
        let isDone = Mutex(false)
        let writer = Task {
            try await onThread {
                while !isDone.withLock({ $0 }) {
                    let number = acknowledged.withLock { $0 }
                    _ = try store.accept(message("message \(number)", from: ChannelUserID("user \(number % 5)")))
                    acknowledged.withLock { $0 += 1 }
                }
            }
        }
        for round in 1...12 {
            while acknowledged.withLock({ $0 }) < round * 25 { await Task.yield() }
            let copy = try Directory()
            let before = acknowledged.withLock { $0 }
            // The log last: what a checkpoint moves meanwhile is in it still, as long as it isn't begun anew.
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: directory.database + suffix, toPath: copy.database + suffix)
            }
            let opened = try open(copy)
            let found = Set(try await opened.deliveries(DeliveryFilter(limit: 100_000)).map(\.text))
            #expect((0..<before).allSatisfy { found.contains("message \($0)") })
            #expect(StoreMaintenance.findings(in: copy).isEmpty)
            opened.close()
        }
        isDone.withLock { $0 = true }
        try await writer.value
        store.close()
    }

    @Test("A log that is cut at any length holds what was acknowledged up to there, in its order")
    func shortLog() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        try inFile(of: directory) { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        let log = directory.database + "-wal"
        var lengths: [Int] = []
        for number in 0..<30 {
            _ = try store.accept(message("message \(number)", from: ChannelUserID("user \(number % 3)")))
            lengths.append(try size(of: log))
        }
        let full = try #require(lengths.last)
        var chance = SeededGenerator(state: 7)
        let random = (0..<40).map { _ in Int.random(in: 0...full, using: &chance) }
        for length in random + lengths.flatMap({ [$0 - 1, $0, $0 + 1] }) {
            let copy = try Directory()
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: directory.database + suffix, toPath: copy.database + suffix)
            }
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: copy.database + "-wal"))
            try file.truncate(atOffset: UInt64(min(length, full)))
            try file.close()
            let opened = try open(copy)
            let found = try await opened.deliveries(DeliveryFilter(limit: 1000)).reversed().map(\.text)
            let expected = lengths.count { $0 <= length }
            #expect(found == (0..<expected).map { "message \($0)" }, "\(length) bytes of \(full)")
            opened.close()
        }
        store.close()
    }

    private func size(of path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return (attributes[.size] as? NSNumber)?.intValue ?? 0
    }
}
