import FoundationEssentials

/// The sign-in state that all workers share: failed attempts, and sessions that ended early.
package struct SignInRecord: Codable, Hashable, Sendable {
    /// Tries in vain of one address, of one browser, or of all together.
    struct Failures: Codable, Hashable, Sendable {
        var count = 0
        var last = Date.distantPast
    }

    private var failures: [String: Failures] = [:]
    private var all = Failures()
    /// Sessions that were signed out, and when they would have ended anyway.
    private var ended: [String: Date] = [:]
    private(set) var epoch: Int

    /// A record of nothing. It has an epoch of its own, so that no session of an earlier record, which was lost, goes on.
    package init() { epoch = Self.freshEpoch() }

    /// By chance: none comes twice.
    private static func freshEpoch() -> Int {
        var random = SystemRandomNumberGenerator()
        return Int.random(in: 1..<1 << 62, using: &random)
    }

    /// Tries in vain are forgotten when so long no other followed.
    static let memory: TimeInterval = 60 * 60
    /// So many addresses are told apart; the oldest ones go first.
    private static let mostSubjects = 5_000

    // MARK: Tries

    /// The wait after so many failed attempts of one subject: nothing up to four of them, then 1 s, 2 s, 4 s, … and from
    /// the fourteenth on 5 minutes. After a wait another try is always allowed.
    static func wait(after count: Int) -> TimeInterval {
        count < 5 ? 0 : min(TimeInterval(1 << min(count - 5, 20)), 300)
    }

    /// The wait for everybody after so many failed attempts in all: with 30 of them within an hour, one try every
    /// 5 s is taken. Browsers that have signed in before don't wait for others.
    static func waitOfAll(after count: Int) -> TimeInterval { count < 30 ? 0 : 5 }

    /// Takes a try, counted as one in vain until ``succeed(_:)``: so no two at once get by on one count.
    ///
    /// - Parameters:
    ///   - subject: the address, or the browser if it is known.
    ///   - isKnown: whether it is a browser that has signed in before.
    /// - Returns: the seconds to wait; `nil` if the password may be checked.
    mutating func attempt(_ subject: String, isKnown: Bool, now: Date) -> Int? {
        var own = recent(failures[subject], now) ?? Failures()
        var waits = [own.last.addingTimeInterval(Self.wait(after: own.count))]
        all = recent(all, now) ?? Failures()
        if !isKnown { waits.append(all.last.addingTimeInterval(Self.waitOfAll(after: all.count))) }
        let rest = waits.map { $0.timeIntervalSince(now) }.max() ?? 0
        if rest > 0 { return Int(rest.rounded(.up)) }
        own.count += 1
        own.last = now
        failures[subject] = own
        if !isKnown {
            all.count += 1
            all.last = now
        }
        tidy(now)
        return nil
    }

    /// The try was none in vain.
    mutating func succeed(_ subject: String, isKnown: Bool) {
        failures[subject] = nil
        if !isKnown { all.count = max(0, all.count - 1) }
    }

    private func recent(_ failures: Failures?, _ now: Date) -> Failures? {
        // After the clock was set back, too, nobody waits for a time far ahead.
        failures.flatMap { abs(now.timeIntervalSince($0.last)) < Self.memory ? $0 : nil }
    }

    private mutating func tidy(_ now: Date) {
        failures = failures.filter { recent($0.value, now) != nil }
        ended = ended.filter { $0.value > now }
        guard failures.count > Self.mostSubjects else { return }
        let oldest = failures.sorted { $0.value.last < $1.value.last }.prefix(failures.count - Self.mostSubjects)
        for (subject, _) in oldest { failures[subject] = nil }
    }

    // MARK: Sessions

    func hasEnded(_ session: Session) -> Bool { session.epoch != epoch || ended[session.id] != nil }

    mutating func end(_ session: Session, now: Date) {
        ended[session.id] = session.startedAt.addingTimeInterval(Session.longestTime)
        tidy(now)
    }

    mutating func endAll() {
        epoch = Self.freshEpoch()
        ended = [:]
    }
}
