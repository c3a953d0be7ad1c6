import FoundationEssentials
import HTTPTypes
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

    @Test("A message that was withheld raises one, for a day", arguments: [(0, true), (23, true), (24, false)])
    func withheld(hours: Double, isWanted: Bool) {
        let wanted = wanted { metrics in
            metrics.counters[flow] = [.withheld: 3]
            metrics.lastWithheld = [flow: now.addingTimeInterval(-hours * 3600)]
        }
        #expect(Set(wanted.keys) == (isWanted ? [Alarm(.messageWithheld, of: "one")] : []))
        if isWanted { #expect(wanted.values.first?.contains("message withheld") == true) }
        #expect(AlarmRules.judged.contains(.messageWithheld))
    }

    @Test("Webhooks that don't come raise one, with a fitting reason")
    func silent() {
        func reason(hasKey: Bool) -> String? {
            wanted { metrics in
                metrics.installations[0].hasWebhookKey = hasKey
                metrics.helpdesk["one", default: .init()].postsUnheard = 3
                metrics.helpdesk["one"]?.firstPostUnheard = now.addingTimeInterval(-720)
            }[Alarm(.webhookSilent, of: "one")]
        }
        #expect(reason(hasKey: true)?.contains("the first 12 minutes ago") == true)
        #expect(reason(hasKey: true)?.contains("none has ever come") == true)
        #expect(reason(hasKey: false)?.contains("there is no public key yet") == true)
        let found = wanted { $0.helpdesk["one", default: .init()].lastFound = now.addingTimeInterval(-60) }
        #expect(found[Alarm(.webhookSilent, of: "one")]?.hasPrefix("a reply was found only by polling") == true)
    }

    @Test("Two workers raise the alarm of silent webhooks once, and the next echo ends it")
    func silence() async throws {
        let scene = try await HealthScene()
        let second = scene.anotherKeeper()
        func rounds() async {
            for _ in 0..<2 {
                await scene.keeper.round()
                await second.round()
            }
        }
        let worker = try await scene.store.enlist(now: scene.time.now)
        for text in ["a/1", "b/2", "c/3"] {
            #expect(scene.call("/hook/t", text).status == .ok)
            for claim in try await scene.store.claim(by: worker, limit: 9, lease: .seconds(60), now: scene.time.now) {
                _ = try await scene.store.complete(
                    claim, delivered: PieceOutcome(nil), lease: .seconds(60), now: scene.time.now)
            }
        }
        await rounds()
        scene.time.advance(590)
        await rounds()
        #expect(scene.lines.all == [])
        scene.time.advance(11)
        await rounds()
        #expect(scene.lines.all == ["error alarm raised webhook.silent"])
        #expect(scene.call("/freshchat/h", "topic-1/user/1").status == .ok)
        await rounds()
        #expect(scene.lines.all == ["error alarm raised webhook.silent", "notice alarm cleared webhook.silent"])
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

    // MARK: The relay's own

    /// The figures at a look, with what is due, what has ended, and the lease that ends first.
    private func look(
        _ watch: inout RelayWatch, at seconds: Double, dueSince: Double? = nil, ended: Int64 = 0,
        leaseEndsIn: Double? = nil,
        raised: [Alarm.Name: Double] = [:]
    ) -> Set<Alarm.Name> {
        let metrics = metrics { metrics in
            metrics.counters[flow] = [.delivered: ended, .accepted: 99]
            metrics.relay.dueSince = dueSince.map { now.addingTimeInterval($0) }
            metrics.relay.leaseEndsIn = leaseEndsIn.map { .seconds($0) }
            metrics.alarms = raised.map { RaisedAlarm(Alarm($0), reason: "", since: now.addingTimeInterval($1)) }
        }
        let wanted = watch.observe(metrics, now: now.addingTimeInterval(seconds), uptime: .seconds(5000 + seconds))
        return Set(wanted.keys.map(\.name))
    }

    @Test("A relay that ends no attempt for longer than a lease lasts, while something is due, is stalled")
    func stalled() {
        var watch = RelayWatch(lease: .seconds(120))
        for seconds in stride(from: 0.0, to: 150, by: 5) {
            #expect(look(&watch, at: seconds, dueSince: -3600, ended: 7) == [])
        }
        #expect(look(&watch, at: 150, dueSince: -3600, ended: 7) == [.relayStalled])
        // Somebody who has just started sees no more than that it is raised, and leaves it.
        var other = RelayWatch(lease: .seconds(120))
        #expect(look(&other, at: 151, dueSince: -3600, ended: 7, raised: [.relayStalled: 150]) == [.relayStalled])
        #expect(look(&other, at: 156, dueSince: -3600, ended: 8, raised: [.relayStalled: 150]) == [])
        #expect(look(&watch, at: 157, dueSince: -3600, ended: 8, raised: [.relayStalled: 150]) == [])
        #expect(look(&watch, at: 300, dueSince: -3600, ended: 8) == [])
        #expect(look(&watch, at: 307, dueSince: -3600, ended: 8) == [.relayStalled])
        #expect(look(&watch, at: 308, dueSince: nil, ended: 8, raised: [.relayStalled: 307]) == [])
    }

    @Test("Where nothing is due, or only later, or attempts end, nothing is stalled")
    func notStalled() {
        var watch = RelayWatch(lease: .seconds(120))
        for seconds in stride(from: 0.0, through: 1000, by: 5) {
            #expect(look(&watch, at: seconds, dueSince: nil) == [])
        }
        for seconds in stride(from: 1000.0, through: 2000, by: 5) {
            #expect(look(&watch, at: seconds, dueSince: seconds + 1) == [])
        }
        // One end of an attempt in two minutes is slow, but moves.
        for seconds in stride(from: 2000.0, through: 4000, by: 5) {
            #expect(look(&watch, at: seconds, dueSince: 2000, ended: Int64(seconds / 120)) == [])
        }
    }

    @Test("A clock that is set makes no relay look stalled")
    func clockSet() {
        var watch = RelayWatch(lease: .seconds(120))
        #expect(look(&watch, at: 0, dueSince: -1) == [])
        let metrics = metrics { $0.relay.dueSince = now }
        #expect(watch.observe(metrics, now: now.addingTimeInterval(90_000), uptime: .seconds(5005)).isEmpty)
    }

    @Test(
        "A lane that is leased for longer than an attempt takes is stuck, seen twice",
        arguments: [
            (120.0, 41.0, false), (120, 40, true), (120, -5, true), (30, 11, false), (30, 10, true),
            (3600, 3521, false),
            (3600, 3520, true),
        ])
    func stuck(lease: Double, left: Double, isStuck: Bool) {
        var watch = RelayWatch(lease: .seconds(lease))
        #expect(look(&watch, at: 0, leaseEndsIn: left) == [])
        #expect(look(&watch, at: 5, leaseEndsIn: left) == (isStuck ? [.laneStuck] : []))
        #expect(look(&watch, at: 10, leaseEndsIn: lease, raised: [.laneStuck: 5]) == [])
        #expect(look(&watch, at: 15, leaseEndsIn: left) == [])
    }

    @Test("The relay's alarms are raised once for all workers, fail readiness in each, and end when it moves")
    func readiness() async throws {
        let scene = try await HealthScene()
        let second = scene.anotherKeeper()
        #expect(scene.call("/hook/t", "one").status == .ok)
        for _ in 0..<40 {
            #expect(scene.call("/readyz", method: .get).status == .ok)
            await scene.keeper.round()
            await second.round()
            scene.time.advance(5)
            if scene.lines.all.contains("error alarm raised relay.stalled") { break }
        }
        #expect(scene.lines.all == ["error alarm raised relay.stalled"])
        let readiness = scene.call("/readyz", method: .get)
        #expect(readiness.status == .serviceUnavailable)
        #expect(String(decoding: readiness.body, as: UTF8.self).contains("relay.stalled: deliveries have been due for"))
        #expect(scene.call("/hook/t", "two").status == .ok, "webhooks are accepted all the same")

        let worker = try await scene.store.enlist(now: scene.time.now)
        for claim in try await scene.store.claim(by: worker, limit: 9, lease: .seconds(120), now: scene.time.now) {
            _ = try await scene.store.complete(
                claim, delivered: PieceOutcome(nil), lease: .seconds(120), now: scene.time.now)
        }
        await scene.keeper.round()
        await second.round()
        #expect(scene.lines.all == ["error alarm raised relay.stalled", "notice alarm cleared relay.stalled"])
        #expect(scene.call("/readyz", method: .get).status == .ok)
    }

    @Test("What waits behind a pause or a closed gate stalls no relay")
    func behindGates() async throws {
        let scene = try await HealthScene()
        #expect(scene.call("/hook/t", "one").status == .ok)
        try await scene.store.closeGate(.account(.helpdesk("desk-one")), until: scene.time.now.addingTimeInterval(600))
        for _ in 0..<100 {
            await scene.keeper.round()
            scene.time.advance(5)
        }
        try await scene.store.pause("one", by: .credential, reason: "401", now: scene.time.now)
        for _ in 0..<100 {
            await scene.keeper.round()
            scene.time.advance(5)
        }
        #expect(scene.call("/readyz", method: .get).status == .ok)
        #expect(!scene.lines.all.contains { $0.contains("relay.stalled") })
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
            try await scene.store.pause("one", by: .credential, reason: "401", now: now)
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
