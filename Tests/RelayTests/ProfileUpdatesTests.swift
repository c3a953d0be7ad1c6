import FoundationEssentials
import HTTPTypes
import Logging
import Relay
import RelayCore
import RelayTesting
import Testing

@Suite("Writing profiles to the helpdesk")
struct ProfileUpdatesTests {
    private static let day = 24 * 60 * 60.0

    /// A scene in which a customer without a name has written, and their user was created.
    private func scene(_ change: (inout EngineScene) -> Void = { _ in }) async throws -> EngineScene {
        var scene = EngineScene()
        change(&scene)
        try await scene.install()
        try scene.customerWrites("hello", as: nil)
        try await scene.relay()
        return scene
    }

    private func failure(_ remedy: DeliveryFailure.Remedy) -> DeliveryFailure {
        DeliveryFailure(remedy, reason: "No luck", detail: "code 7")
    }

    @Test("A name that becomes known with a later message is written once, after that message")
    func laterName() async throws {
        let scene = try await scene()
        await scene.updateProfiles()
        #expect(scene.helpdesk.updated.count == 0)
        try scene.customerWrites("now my name is known", as: "Olha")
        await scene.updateProfiles()
        #expect(scene.helpdesk.updated.count == 0, "not before the message")
        try await scene.relay()
        await scene.updateProfiles()
        let update = try #require(scene.helpdesk.updated.all.first)
        #expect(update.profile.name == "Olha" && update.user == "user-1" && update.written?.name == nil)
        for number in 0..<100 { try scene.customerWrites("message \(number)", as: "Olha") }
        try await scene.relay()
        await scene.updateProfiles(after: Self.day)
        #expect(scene.helpdesk.posted.count == 102)
        #expect(scene.helpdesk.updated.count == 1)
        #expect(try scene.counter(.profiles) == 1)
    }

    @Test("A message doesn't wait for an update that Freshchat is slow with")
    func slowUpdate() async throws {
        var scene = try await scene()
        let (begun, began) = AsyncStream<Void>.makeStream()
        let (ended, end) = AsyncStream<Void>.makeStream()
        scene.helpdesk.profileAnswer = { _, _ in
            began.yield()
            for await _ in ended { break }
            return .success(.written(without: []))
        }
        try scene.customerWrites("named", as: "Olha")
        try await scene.relay()
        let stuck = scene
        async let update: Void = stuck.updateProfiles()
        for await _ in begun { break }
        try scene.customerWrites("while it is written", as: "Olha")
        try await scene.relay()
        #expect(scene.helpdesk.posted.count == 3)
        end.yield()
        await update
        #expect(try scene.counter(.profiles) == 1)
    }

    @Test("A user who was there before is looked at once")
    func foundUser() async throws {
        let scene = try await scene {
            $0.helpdesk.knowsUser = true
            $0.helpdesk.profileAnswer = { _, _ in .success(.unchanged) }
        }
        await scene.updateProfiles()
        #expect(scene.helpdesk.updated.all.map(\.written) == [nil])
        try scene.customerWrites("again", as: nil)
        try await scene.relay()
        await scene.updateProfiles(after: Self.day)
        #expect(scene.helpdesk.updated.count == 1)
        #expect(try scene.counter(.profiles) == nil)
    }

    @Test(
        "A profile that is refused, or whose user is gone, is left alone until it changes, at the earliest a day later",
        arguments: [true, false])
    func refused(isGone: Bool) async throws {
        let refusal = failure(.giveUp)
        let scene = try await scene {
            $0.helpdesk.profileAnswer = { _, _ in isGone ? .success(.gone) : .failure(refusal) }
        }
        try scene.customerWrites("named", as: "Olha")
        try await scene.relay()
        await scene.updateProfiles()
        await scene.updateProfiles(after: 3 * Self.day)
        #expect(scene.helpdesk.updated.count == 1)
        try scene.customerWrites("renamed", as: "Olga")
        try await scene.relay()
        await scene.updateProfiles()
        try scene.customerWrites("renamed again", as: "Olia")
        try await scene.relay()
        await scene.updateProfiles()
        #expect(scene.helpdesk.updated.all.map(\.profile.name) == ["Olha", "Olga"])
        await scene.updateProfiles(after: Self.day)
        #expect(scene.helpdesk.updated.all.last?.profile.name == "Olia")
    }

    @Test("Trouble of the helpdesk's own makes it wait and try again, and no message notices")
    func trouble() async throws {
        let refusal = failure(.retry(after: nil))
        let scene = try await scene {
            $0.helpdesk.profileAnswer = { _, number in
                number < 3 ? .failure(refusal) : .success(.written(without: []))
            }
        }
        try scene.customerWrites("named", as: "Olha")
        try await scene.relay()
        var counts: [Int] = []
        // Each look comes two seconds later than that.
        for seconds in [0.0, 57, 0, 117, 0] {
            await scene.updateProfiles(after: seconds)
            counts.append(scene.helpdesk.updated.count)
        }
        #expect(counts == [1, 1, 2, 2, 3])
        try scene.customerWrites("later", as: "Olha")
        try await scene.relay()
        #expect(scene.helpdesk.posted.count == 3)
        #expect(try await scene.store.openBreakers().isEmpty)
    }

    @Test("A limit that is reached closes the gate, and the update comes when it opens")
    func slowDown() async throws {
        var scene = try await scene()
        let until = scene.time.now.addingTimeInterval(500)
        let refusal = failure(.slowDown(until: until))
        scene.helpdesk.profileAnswer = { _, number in
            number == 1 ? .failure(refusal) : .success(.written(without: []))
        }
        try scene.customerWrites("named", as: "Olha")
        try await scene.relay()
        await scene.updateProfiles()
        try scene.customerWrites("waits", as: "Olha")
        #expect(try await scene.store.nextDue(now: scene.time.now) == until)
        await scene.updateProfiles()
        #expect(scene.helpdesk.updated.count == 1)
        scene.time.advance(until.timeIntervalSince(scene.time.now))
        try await scene.relay()
        await scene.updateProfiles()
        #expect(scene.helpdesk.updated.count == 2)
    }

    @Test("A token that isn't taken pauses the installation, and the update comes when it goes on")
    func refusedToken() async throws {
        let refusal = failure(.pause)
        let scene = try await scene {
            $0.helpdesk.profileAnswer = { _, number in
                number == 1 ? .failure(refusal) : .success(.written(without: []))
            }
        }
        try scene.customerWrites("named", as: "Olha")
        try await scene.relay()
        await scene.updateProfiles()
        #expect(try await scene.store.installation("one")?.isActive == false)
        await scene.updateProfiles(after: 10_000)
        #expect(scene.helpdesk.updated.count == 1)
        try await scene.store.resume("one", now: scene.time.now)
        await scene.updateProfiles()
        #expect(scene.helpdesk.updated.count == 2)
    }

    @Test("Of several workers one makes the update")
    func workers() async throws {
        let scene = try await scene()
        try scene.customerWrites("named", as: "Olha")
        try await scene.relay()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { await scene.updateProfiles() } }
        }
        #expect(scene.helpdesk.updated.count == 1)
    }

    @Test("The updates of many customers come one after the other, as far as the time that is given allows")
    func many() async throws {
        let scene = EngineScene()
        try await scene.install()
        for number in 0..<5 { try scene.customerWrites("hello", from: ChannelUserID("user \(number)"), as: nil) }
        try await scene.relay()
        for number in 0..<5 {
            try scene.customerWrites("named", from: ChannelUserID("user \(number)"), as: "Name \(number)")
        }
        try await scene.relay()
        await scene.updateProfiles(for: .seconds(5))
        #expect(scene.helpdesk.updated.count == 3)
        await scene.updateProfiles(for: .seconds(60))
        #expect(scene.helpdesk.updated.count == 5)
    }

    @Test("People who watch see the update and its calls")
    func traced() async throws {
        let scene = try await scene()
        let steps = StepLog()
        try scene.customerWrites("named", as: "Olha")
        try await scene.relay()
        await scene.updateProfiles(trace: steps)
        let step = try #require(steps.all.last)
        #expect(step.step == .profile && step.name == "Olha" && step.installation == "one")
        #expect(step.detail == "profile written")
    }
}

/// Keeps the steps that it is told.
private struct StepLog: Trace {
    private let log = Log<TraceStep>()
    var isWatched: Bool { true }
    var all: [TraceStep] { log.all }
    func send(_ step: TraceStep) { _ = log.add(step) }
}

extension EngineScene {
    /// A message comes in with what the channel says of its customer.
    fileprivate func customerWrites(_ text: String, from user: ChannelUserID = "anna", as name: String?) throws {
        try accept(
            .init(
                dedupeKey: DedupeKey("\(user)/\(text)"),
                content: .message(
                    InboundPayload(
                        id: ChannelMessageID(text), profile: ContactProfile(userID: user, name: name),
                        message: Message(text: text)))), from: .channel)
    }

    /// Lets time go by and makes the updates that are due.
    fileprivate func updateProfiles(
        after seconds: Double = 0, for limit: Duration = .milliseconds(1), trace: any Trace = NoTrace()
    ) async {
        // The pace of the installation isn't what these tests are about.
        time.advance(seconds + (limit < .seconds(1) ? 2 : 0))
        let channel = channel
        await ProfileUpdates(
            store: store, channels: { $0 == "fake" ? channel : nil }, helpdesk: helpdesk,
            http: RecordingSender(replies: []), time: time.relayTime, trace: trace, logger: Logger(label: "test")
        ).run(for: limit)
    }

    fileprivate func counter(_ counter: Counter) throws -> Int64? {
        try store.metrics().counters[Flow("one", .inbound)]?[counter]
    }
}
