import Foundation
import Glibc

/// The folder through which named points are armed in byoc's processes: see `NamedPoints` in the program.
struct PointFolder {
    /// What a point's order did.
    struct Hit {
        var point: String
        var process: pid_t
        /// Milliseconds since 1970.
        var time: Int64
        var signal: Int32
        var subject: String
    }

    let path: String

    init(path: String) throws {
        self.path = path
        for name in ["armed", "taken", "hits", "held"] {
            try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        }
    }

    /// The next process that passes the point gets the signal, after so many have passed it; with signal 0 it waits there.
    ///
    /// - Parameter word: what the subject of a pass that counts has in it; empty: each pass counts.
    func arm(_ point: String, passes: Int, signal: Int32 = SIGKILL, word: String = "") throws {
        let temporary = "\(path)/order"
        try Data("\(signal) \(passes) \(word)".utf8).write(to: URL(filePath: temporary))
        guard rename(temporary, "\(path)/armed/\(point)") == 0 else { throw TortureFailure("can't arm \(point)") }
    }

    /// Lets a process go on that was to wait at a point.
    func letGo(_ process: pid_t) { _ = unlink("\(path)/held/\(process)") }

    func isArmed(_ point: String) -> Bool { access("\(path)/armed/\(point)", F_OK) == 0 }

    /// Takes all orders back.
    ///
    /// - Returns: how many were not carried out.
    func disarm() -> Int {
        names(in: "armed").count { unlink("\(path)/armed/\($0)") == 0 }
    }

    /// The orders carried out since the last call.
    func takeHits() -> [Hit] {
        names(in: "hits").compactMap { name in
            let file = "\(path)/hits/\(name)"
            defer { unlink(file) }
            let lines = (try? String(contentsOfFile: file, encoding: .utf8))?
                .split(separator: "\n", omittingEmptySubsequences: false)
            guard let lines, lines.count >= 5, let process = pid_t(lines[1]), let time = Int64(lines[2]),
                let signal = Int32(lines[3])
            else { return nil }
            return Hit(point: String(lines[0]), process: process, time: time, signal: signal, subject: String(lines[4]))
        }.sorted { $0.time < $1.time }
    }

    /// A process may die of something else with an order in hand: the point is armed again.
    func returnOrphans() {
        for name in names(in: "taken") {
            let words = name.split(separator: ".")
            guard words.count == 2, let process = pid_t(words[1]), kill(process, 0) != 0 else { continue }
            let file = "\(path)/taken/\(name)"
            let order = (try? String(contentsOfFile: file, encoding: .utf8))?.split(whereSeparator: \.isWhitespace)
            unlink(file)
            // Without two numbers it is half a record of what then didn't happen.
            let numbers = (order ?? []).prefix(2).compactMap { Int32($0) }
            let isWhole = numbers.count == 2 && order?.count ?? 0 <= 3
            try? arm(
                String(words[0]), passes: isWhole ? Int(numbers[1]) : 0, signal: isWhole ? numbers[0] : SIGKILL,
                word: isWhole ? order?.dropFirst(2).first.map(String.init) ?? "" : "")
        }
    }

    private func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)")) ?? []
    }
}

/// Why a run could not be made.
struct TortureFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
