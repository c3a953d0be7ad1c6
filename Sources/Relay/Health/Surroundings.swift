import FoundationEssentials
import Logging
package import RelayCore
import Synchronization

/// One thing around a process that can be lost under it, such as the socket's file.
package struct Surrounding: Sendable {
    package var alarm: Alarm.Name
    /// Whether another process tells of the alarm, so that this one doesn't do so as well.
    package var isReportedElsewhere: Bool
    /// What is wrong now; `nil`: nothing.
    package var trouble: @Sendable () -> String?

    package init(_ alarm: Alarm.Name, isReportedElsewhere: Bool = false, trouble: @escaping @Sendable () -> String?) {
        self.alarm = alarm
        self.isReportedElsewhere = isReportedElsewhere
        self.trouble = trouble
    }
}

/// Alarms that can't be kept in the store, because they are about what leads to it. Each process has its own, and tells
/// once when one begins and once when it is over.
final class LocalAlarms: Sendable {
    private let raised = Mutex<[Alarm.Name: RaisedAlarm]>([:])

    /// Those that are raised now, in the order of their names.
    var present: [RaisedAlarm] {
        raised.withLock { $0.values.sorted { $0.alarm.name.rawValue < $1.alarm.name.rawValue } }
    }

    /// - Parameters:
    ///   - trouble: what is wrong; `nil`: nothing.
    ///   - logger: `nil`: another process tells of it.
    func settle(_ name: Alarm.Name, to trouble: String?, now: Date, logger: Logger?) {
        let (isNew, isOver) = raised.withLock { raised in
            guard let trouble else { return (false, raised.removeValue(forKey: name) != nil) }
            let before = raised[name]
            raised[name] = RaisedAlarm(Alarm(name), reason: trouble, since: before?.since ?? now)
            return (before == nil, false)
        }
        if isNew {
            logger?.error("alarm raised", metadata: ["alarm": "\(name.rawValue)", "reason": "\(trouble ?? "")"])
        } else if isOver {
            logger?.notice("alarm cleared", metadata: ["alarm": "\(name.rawValue)"])
        }
    }
}
