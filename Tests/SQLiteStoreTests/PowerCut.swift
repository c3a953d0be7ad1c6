import Foundation
import Synchronization

/// Remembers each step that was made with the files, so that the disk's state after a power cut at any moment can be
/// made: what wasn't synchronised by then is there, half there, or not there, as chance has it.
final class PowerCutRecorder: Sendable {
    private enum Event {
        case write(file: String, offset: Int, bytes: Data)
        case truncate(file: String, length: Int)
        /// All events of the file before this one are on the disk, once `synced` has come.
        case sync(file: String)
        case synced(file: String)
    }

    private let events = Mutex<[Event]>([])

    /// How many steps there were so far: the name of this moment.
    var now: Int { events.withLock { $0.count } }

    func record(_ step: FaultyDirectory.Step) {
        let event: Event? =
            switch step.operation {
            case .write: .write(file: step.file, offset: Int(step.offset), bytes: step.bytes)
            case .truncate: .truncate(file: step.file, length: Int(step.offset))
            case .sync: .sync(file: step.file)
            case .synced: .synced(file: step.file)
            case .open, .read: nil
            }
        if let event { events.withLock { $0.append(event) } }
    }

    /// Makes the files as they may be after a cut at this moment.
    func restore(to path: String, at moment: Int, by chance: inout SeededGenerator) throws {
        let events = Array(events.withLock { $0 }.prefix(moment))
        for file in ["byoc.sqlite", "byoc.sqlite-wal"] {
            let durable = durableEnd(of: file, events)
            var content = Data()
            for (index, event) in events.enumerated() {
                switch event {
                case .write(file, let offset, let bytes):
                    var kept = bytes
                    if index >= durable {
                        switch Int.random(in: 0..<4, using: &chance) {
                        case 0: continue
                        case 1: kept = bytes.prefix(bytes.count / 512 / 2 * 512)
                        default: break
                        }
                    }
                    if content.count < offset + kept.count {
                        content.append(Data(count: offset + kept.count - content.count))
                    }
                    content.replaceSubrange(offset..<offset + kept.count, with: kept)
                case .truncate(file, let length):
                    if index < durable || Bool.random(using: &chance), length < content.count {
                        content = content.prefix(length)
                    }
                default: break
                }
            }
            try content.write(to: URL(fileURLWithPath: "\(path)/\(file)"))
        }
    }

    /// Events before this index are on the disk: those before the begin of the last sync that came to its end.
    private func durableEnd(of file: String, _ events: [Event]) -> Int {
        var begin = 0
        var end = 0
        for (index, event) in events.enumerated() {
            switch event {
            case .sync(file): begin = index
            case .synced(file): end = begin
            default: break
            }
        }
        return end
    }
}
