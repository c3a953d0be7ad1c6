import FoundationEssentials
import HTTPTypes
import Logging
import RelayCore
import RelayTesting
import Synchronization
import Testing

@testable import Relay

@Suite("Back-pressure")
struct PressureTests {
    private func strains(waiting: Int, free: Int64? = 1 << 40, _ present: Set<Strain> = []) -> Set<Strain> {
        var limits = PressureLimits()
        limits.outbox = 100
        limits.diskReserve = 900
        return Set(Strain.all(by: StoreLoad(waiting: waiting, free: free), limits: limits, present: present).keys)
    }

    @Test("The outbox is full at its limit, and has room again at nine tenths of it")
    func outbox() {
        #expect(strains(waiting: 99) == [])
        #expect(strains(waiting: 100) == [.outbox])
        #expect(strains(waiting: 90, [.outbox]) == [.outbox])
        #expect(strains(waiting: 89, [.outbox]) == [])
        #expect(strains(waiting: 95) == [])
    }

    @Test("The disk is full below its reserve, and has room again when a ninth more is free")
    func disk() {
        #expect(strains(waiting: 0, free: 900) == [])
        #expect(strains(waiting: 0, free: 899) == [.disk])
        #expect(strains(waiting: 0, free: 999, [.disk]) == [.disk])
        #expect(strains(waiting: 0, free: 1000, [.disk]) == [])
        #expect(strains(waiting: 100, free: 0) == [.disk, .outbox])
        #expect(strains(waiting: 0, free: nil) == [])
    }

    @Test("A limit of one delivery still opens again, and no reserve is never missed")
    func smallest() {
        var limits = PressureLimits()
        limits.outbox = 1
        limits.diskReserve = 0
        func strains(_ waiting: Int) -> [Strain: String] {
            Strain.all(by: StoreLoad(waiting: waiting, free: 0), limits: limits, present: [.outbox, .disk])
        }
        #expect(Set(strains(1).keys) == [.outbox])
        #expect(strains(0).isEmpty)
    }

    @Test("Webhooks that would become deliveries get 503 with Retry-After while the outbox is full, and go in after")
    func refusal() async throws {
        let scene = try await HealthScene(outbox: 2)
        for text in ["one", "two"] { #expect(scene.call("/hook/t", text).status == .ok) }
        await scene.keeper.check()
        let refused = scene.call("/hook/t", "three")
        #expect(refused.status == .serviceUnavailable)
        #expect(refused.headers[.retryAfter] == "30")
        #expect(scene.call("/freshchat/h", "topic-1/agent/four").status == .serviceUnavailable)
        let readiness = scene.call("/readyz", method: .get)
        #expect(readiness.status == .serviceUnavailable)
        #expect(String(decoding: readiness.body, as: UTF8.self).contains("outbox: 2 deliveries or more wait"))
        #expect(scene.call("/healthz", method: .get).status == .ok)
        #expect(scene.pressure.obstacle(to: [scene.receipt]) == nil, "it becomes no delivery")

        let worker = try await scene.store.enlist(now: scene.time.now)
        let claims = try await scene.store.claim(by: worker, limit: 1, lease: .seconds(60), now: scene.time.now)
        for claim in claims {
            try await scene.store.markDead(
                claim, because: DeliveryFailure(.giveUp, reason: "no", detail: ""), note: nil, now: scene.time.now)
        }
        await scene.keeper.check()
        #expect(scene.call("/hook/t", "three").status == .ok)
        #expect(scene.call("/readyz", method: .get).status == .ok)
    }

    @Test("Nothing is taken in while the disk is nearly full, and outcomes are still written")
    func disk() async throws {
        let scene = try await HealthScene(outbox: 100, reserve: 1000)
        #expect(scene.call("/hook/t", "one").status == .ok)
        scene.store.pretend(free: 500)
        await scene.keeper.check()
        #expect(scene.call("/hook/t", "two").status == .serviceUnavailable)
        #expect(scene.pressure.obstacle(to: [scene.receipt]) == .disk)
        let worker = try await scene.store.enlist(now: scene.time.now)
        let claims = try await scene.store.claim(by: worker, limit: 1, lease: .seconds(60), now: scene.time.now)
        for claim in claims {
            _ = try await scene.store.complete(
                claim, delivered: PieceOutcome(nil), lease: .seconds(60), now: scene.time.now)
        }
        #expect(try await scene.store.deliveries(DeliveryFilter(states: [.delivered])).count == 1)
        scene.store.pretend(free: 5000)
        await scene.keeper.check()
        #expect(scene.call("/hook/t", "two").status == .ok)
    }

    @Test("That it begins and that it ends is logged once, however many workers see it")
    func logged() async throws {
        let scene = try await HealthScene(outbox: 1)
        let second = scene.anotherKeeper()
        #expect(scene.call("/hook/t", "one").status == .ok)
        for _ in 0..<3 {
            await scene.keeper.check()
            await second.check()
        }
        #expect(scene.lines.all == ["error alarm raised store.pressure"])
        try await scene.store.remove("one", keepingHistory: false, now: scene.time.now)
        for _ in 0..<3 {
            await second.check()
            await scene.keeper.check()
        }
        #expect(scene.lines.all == ["error alarm raised store.pressure", "notice alarm cleared store.pressure"])
    }
}

@Suite("Things lost around a worker")
struct SurroundingsTests {
    private func page(_ scene: HealthScene, _ path: String) -> String {
        String(decoding: scene.call(path, method: .get).body, as: UTF8.self)
    }

    @Test(
        "A store whose files are gone: an alarm that isn't kept in it, no readiness, 503; all is well when they are back"
    )
    func store() async throws {
        let scene = try await HealthScene()
        scene.store.refuse(with: StoreFailure(.gone, "byoc.sqlite is gone"))
        for _ in 0..<3 { await scene.keeper.check() }
        #expect(scene.lines.all == ["error alarm raised store.gone"])
        #expect(scene.call("/readyz", method: .get).status == .serviceUnavailable)
        #expect(page(scene, "/readyz").contains("store.gone: byoc.sqlite is gone"))
        // The figures are in the store.
        #expect(scene.call("/metrics", method: .get).status == .serviceUnavailable)
        #expect(scene.call("/hook/t", "hi").status == .serviceUnavailable)
        scene.store.refuse(with: nil)
        for _ in 0..<2 { await scene.keeper.check() }
        #expect(scene.lines.all == ["error alarm raised store.gone", "notice alarm cleared store.gone"])
        #expect(scene.call("/readyz", method: .get).status == .ok)
        #expect(scene.call("/hook/t", "hi").status == .ok)
    }

    @Test("A socket that nobody can connect to is no readiness, and is told by one process", arguments: [false, true])
    func socket(isReportedElsewhere: Bool) async throws {
        let scene = try await HealthScene()
        let trouble = Mutex<String?>("the file is gone")
        let keeper = scene.anotherKeeper(
            pressure: scene.pressure,
            surroundings: [
                Surrounding(.socketGone, isReportedElsewhere: isReportedElsewhere) { trouble.withLock { $0 } }
            ])
        for _ in 0..<2 { await keeper.check() }
        #expect(page(scene, "/readyz").contains("socket.gone: the file is gone"))
        #expect(scene.call("/hook/t", "hi").status == .ok, "what comes all the same is taken")
        trouble.withLock { $0 = nil }
        await keeper.check()
        #expect(page(scene, "/readyz") == "ready\n")
        let told = ["error alarm raised socket.gone", "notice alarm cleared socket.gone"]
        #expect(scene.lines.all == (isReportedElsewhere ? [] : told))
    }
}

@Suite("Figures of webhooks")
struct IntakeFiguresTests {
    @Test("Answers and signatures are counted, and get into the store with the next round")
    func counted() async throws {
        let scene = try await HealthScene()
        for text in ["one", "two", "forged"] { _ = scene.call("/hook/t", text) }
        #expect(try scene.store.metrics().histograms[.acknowledgement] == nil)
        await scene.keeper.round()
        let flow = Flow("one", .inbound)
        let metrics = try scene.store.metrics()
        #expect(metrics.histograms[.acknowledgement]?[flow]?.count == 2)
        #expect(metrics.counters[flow]?[.signatureFailures] == 1)
        await scene.keeper.round()
        #expect(try scene.store.metrics().histograms[.acknowledgement]?[flow]?.count == 2)
    }

    @Test("Each minute's figures are kept once, whichever worker comes first")
    func minutes() async throws {
        let scene = try await HealthScene()
        let flow = Flow("one", .inbound)
        await scene.keeper.round()
        #expect(scene.call("/hook/t", "one").status == .ok)
        await scene.anotherKeeper().round()
        #expect(try await scene.store.minutes()[flow]?.map(\.accepted) == [0])
        scene.time.advance(60)
        await scene.anotherKeeper().round()
        await scene.keeper.round()
        #expect(try await scene.store.minutes()[flow]?.map(\.accepted) == [0, 1])
    }

    @Test("What can't be stored is kept for the next round")
    func kept() async throws {
        let scene = try await HealthScene()
        _ = scene.call("/hook/t", "forged")
        scene.store.refuse(with: StoreFailure(.unavailable, "full"))
        await scene.keeper.round()
        scene.store.refuse(with: nil)
        _ = scene.call("/hook/t", "forged")
        await scene.keeper.round()
        #expect(try scene.store.metrics().counters[Flow("one", .inbound)]?[.signatureFailures] == 2)
    }

    @Test(
        "A reply in doubt that is sent again is counted where the customer may have it twice",
        arguments: [(false, Installation.DoubtPolicy.resend, 1), (true, .resend, nil), (false, .hold, nil)]
            as [(Bool, Installation.DoubtPolicy, Int64?)])
    func resent(isIdempotent: Bool, policy: Installation.DoubtPolicy, count: Int64?) async throws {
        var scene = EngineScene()
        scene.channel.isIdempotent = isIdempotent
        scene.channel.answer = { _, number in
            number > 1 ? nil : DeliveryFailure(.retry(after: nil), isCertain: false, reason: "silence", detail: "")
        }
        try await scene.install(doubtPolicy: policy)
        scene.agentWrites("answer")
        for _ in 0..<2 {
            try await scene.relay()
            // Past the wait before the second attempt.
            scene.time.advance(10)
        }
        let counters = try scene.store.metrics().counters[Flow("one", .outbound)]
        #expect(counters?[.resent] == count)
        #expect(counters?[.inDoubt] == 1)
        #expect(scene.channel.sent.count == (policy == .hold ? 1 : 2))
    }

    @Test("The figures can be read under /metrics, and by GET only")
    func page() async throws {
        let scene = try await HealthScene()
        _ = scene.call("/hook/t", "one")
        let page = scene.call("/metrics", method: .get)
        #expect(page.status == .ok)
        #expect(page.headers[.contentType] == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        let text = String(decoding: page.body, as: UTF8.self)
        #expect(text.contains(#"byoc_deliveries_accepted_total{installation="one",direction="inbound"} 1"#))
        #expect(text.hasSuffix("\n# EOF\n"))
        #expect(scene.call("/metrics").status == .methodNotAllowed)
    }
}

/// A keeper on a store in memory, with intake in front of it and the alarms' lines behind.
struct HealthScene {
    let store = MemoryStore()
    let time = JumpingTime()
    let meter = IntakeMeter()
    let pressure = Pressure()
    let stalls = Stalls()
    let lines = Log<String>()
    let limits: PressureLimits
    let keeper: HealthKeeper
    let receipt = Acceptance.Arrival(
        dedupeKey: "r", content: .receipt(Receipt(messageID: "m", state: .sent, at: .distantPast), note: nil))

    init(outbox: Int = 1000, reserve: Int64 = 0) async throws {
        var limits = PressureLimits()
        limits.outbox = outbox
        limits.diskReserve = reserve
        self.limits = limits
        let lines = lines
        keeper = HealthKeeper(
            store: store, limits: limits, meter: meter, pressure: pressure, stalls: stalls, time: time.relayTime,
            logger: Logger(label: "health") { _ in LineHandler(lines: lines) })
        try await store.save(.sample(at: time.now), now: time.now)
    }

    /// As another worker has one.
    func anotherKeeper(pressure: Pressure = Pressure(), surroundings: [Surrounding] = []) -> HealthKeeper {
        let lines = lines
        return HealthKeeper(
            store: store, limits: limits, meter: IntakeMeter(), pressure: pressure, surroundings: surroundings,
            time: time.relayTime,
            logger: Logger(label: "health") { _ in LineHandler(lines: lines) })
    }

    func call(_ path: String, _ body: String = "", method: HTTPRequest.Method = .post) -> WebhookResponse {
        let intake = Intake(
            store: store, channels: { $0 == "fake" ? FakeChannel() : nil }, helpdesk: FakeHelpdesk(), pulse: nil,
            wakeUp: WakeUp(), meter: meter, pressure: pressure, stalls: stalls, logger: Logger(label: "test"))
        return intake.respond(
            to: WebhookRequest(
                method: method, path: path, body: Array(body.utf8), id: "request-1", receivedAt: time.now))
    }
}

/// Keeps each line's level, message and alarm.
struct LineHandler: LogHandler {
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]
    let lines: Log<String>

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let alarm = event.metadata?["alarm"].map { " \($0)" } ?? ""
        _ = lines.add("\(event.level) \(event.message)\(alarm)")
    }
}
