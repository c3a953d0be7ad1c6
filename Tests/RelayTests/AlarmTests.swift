import FoundationEssentials
import Logging
import RelayCore
import RelayTesting
import Testing

@testable import Relay

@Suite("Alarms")
struct AlarmTests {
    private let now = Date(timeIntervalSince1970: 1_790_000_000)
    private let flow = Flow("one", .outbound)

    private func metrics(_ change: (inout StoreMetrics) -> Void) -> StoreMetrics {
        var metrics = StoreMetrics()
        metrics.installations = [.init(id: "one", pausedReason: nil)]
        change(&metrics)
        return metrics
    }

    private func wanted(_ change: (inout StoreMetrics) -> Void) -> [Alarm: String] {
        AlarmRules().wanted(by: metrics(change), now: now)
    }

    @Test("Where nothing is wrong there is no alarm")
    func quiet() {
        #expect(wanted { $0.outbox[flow] = .init() }.isEmpty)
    }

    @Test("A paused installation raises one, with the reason")
    func paused() {
        let wanted = wanted { $0.installations[0].pausedReason = "401" }
        #expect(wanted == [Alarm(.installationPaused, of: "one"): "401"])
    }

    @Test("A side that fails for everyone is told until a delivery there succeeds")
    func breaker() {
        let breaker = OpenBreaker(installation: "one", side: .helpdesk, openedAt: now, openings: 3)
        let alarm = Alarm(.breakerOpen, of: "one", subject: "helpdesk")
        #expect(wanted { $0.breakers = [breaker] }[alarm] != nil)
        #expect(wanted { $0.breakers = [] }[alarm] == nil)
        #expect(AlarmRules.judged.contains(.breakerOpen))
    }

    @Test("It says why the last of them failed, where that is known")
    func breakerReason() {
        let breaker = OpenBreaker(installation: "one", side: .helpdesk, openedAt: now, openings: 3)
        let alarm = Alarm(.breakerOpen, of: "one", subject: "helpdesk")
        let reason = ServiceFault(service: "Freshchat", status: 503).reason()
        let known = wanted { metrics in
            metrics.breakers = [breaker]
            metrics.breakerReasons = [breaker: reason]
        }
        #expect(known[alarm]?.contains("5 deliveries in a row did, the last because: \(reason);") == true)
        #expect(wanted { $0.breakers = [breaker] }[alarm]?.contains("because") == false)
    }

    @Test(
        "What waits for a quarter of an hour raises one, which lasts until the oldest is younger than five minutes",
        arguments: [(14, false, false), (15, false, true), (14, true, true), (5, true, true), (4, true, false)])
    func growing(minutes: Double, isRaised: Bool, isWanted: Bool) {
        let alarm = Alarm(.outboxGrowing, of: "one", subject: "outbound")
        let wanted = wanted { metrics in
            metrics.outbox[flow, default: .init()].waiting = 3
            metrics.outbox[flow]?.oldestWaiting = now.addingTimeInterval(-minutes * 60)
            if isRaised { metrics.alarms = [RaisedAlarm(alarm, reason: "", since: now)] }
        }
        #expect((wanted[alarm] != nil) == isWanted)
        #expect(wanted.count == (isWanted ? 1 : 0))
    }

    @Test("What waits because its installation is paused raises no second one")
    func waitingWhilePaused() {
        let wanted = wanted { metrics in
            metrics.installations[0].pausedReason = "401"
            metrics.outbox[flow, default: .init()].oldestWaiting = now.addingTimeInterval(-7200)
        }
        #expect(wanted.keys.map(\.name) == [.installationPaused])
    }

    @Test("A dead letter raises one")
    func dead() {
        #expect(
            wanted { $0.outbox[flow, default: .init()].dead = 1 }.keys.map { $0 } == [
                Alarm(.deliveryDead, of: "one", subject: "outbound")
            ])
    }

    @Test(
        "Wrong signatures in a row raise one, with a hint when only other than ASCII bodies fail",
        arguments: [
            (4, 4, nil), (5, 0, "byoc set-key"), (0, 5, "only those whose text is not plain ASCII"), (2, 5, "byoc"),
        ] as [(Int64, Int64, String?)])
    func signatures(ascii: Int64, other: Int64, hint: String?) {
        let wanted = wanted { metrics in
            metrics.signatures[flow, default: .init()].ascii = ascii
            metrics.signatures[flow]?.other = other
        }
        let reason = wanted[Alarm(.signatureFailures, of: "one", subject: "helpdesk")]
        #expect((reason == nil) == (hint == nil))
        if let hint { #expect(reason?.contains(hint) == true) }
    }

    @Test("Alarms of an installation that is removed end, also those raised elsewhere")
    func removed() {
        let metrics = metrics { metrics in
            metrics.alarms = [
                Alarm(.storePressure, of: "gone", subject: "outbox"), Alarm(.installationPaused, of: "one"),
                Alarm(.storePressure, subject: "disk"),
            ].map { RaisedAlarm($0, reason: "", since: now) }
        }
        #expect(
            AlarmRules().judged(of: metrics) == [
                Alarm(.storePressure, of: "gone", subject: "outbox"), Alarm(.installationPaused, of: "one"),
            ])
    }

    @Test("Two workers tell an episode once, and the next one again")
    func episodes() async throws {
        let scene = try await HealthScene()
        let second = scene.anotherKeeper()
        func rounds() async {
            for _ in 0..<2 {
                await scene.keeper.round()
                await second.round()
            }
        }
        await rounds()
        #expect(scene.lines.all == [])
        for _ in 0..<2 {
            try await scene.store.pause("one", reason: "401", now: now)
            await rounds()
            try await scene.store.resume("one", now: now)
            await rounds()
        }
        let episode = ["error alarm raised installation.paused", "notice alarm cleared installation.paused"]
        #expect(scene.lines.all == episode + episode)
    }

    @Test("An alarm that can't be stored is told as soon as it can")
    func unwritable() async throws {
        let scene = try await HealthScene()
        let lines = scene.lines
        let alarms = Alarms(
            store: scene.store, time: scene.time.relayTime,
            logger: Logger(label: "alarms") { _ in LineHandler(lines: lines) })
        let alarm = Alarm(.breakerOpen, of: "one", subject: "channel")
        scene.store.refuse(with: StoreFailure(.unavailable, "full"))
        await alarms.raise(alarm, because: "500")
        #expect(lines.all == [])
        scene.store.refuse(with: nil)
        for _ in 0..<2 { await alarms.raise(alarm, because: "500") }
        for _ in 0..<2 { await alarms.clear(alarm) }
        #expect(lines.all == ["error alarm raised breaker.open", "notice alarm cleared breaker.open"])
    }
}
