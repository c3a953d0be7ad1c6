import RelayCore
import RelayTesting
import Testing

@Suite("Whose a reply is")
struct ReplyOwnerTests {
    /// What is known of a reply, and whose it is then.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var facts: ReplyOwner.Facts
        var routes: [Route]
        var owner: ReplyOwner

        init(_ description: String, _ facts: ReplyOwner.Facts, among routes: [Route], is owner: ReplyOwner) {
            testDescription = description
            self.facts = facts
            self.routes = routes
            self.owner = owner
        }
    }

    private static func route(
        _ id: InstallationID, _ kind: ChannelKind = "viber", on topic: TopicID = "t", former: [TopicID] = [],
        address: Address = .only, form: Reference.Form = .user, accepts: Bool = true
    ) -> Route {
        Route(
            installation: id, channel: kind, address: address, referenceForm: form, topic: topic, formerTopics: former,
            accepts: accepts)
    }

    private static let two = [route("a"), route("b")]
    private static let kinds = [route("a"), route("b", "chat")]

    static let cases = [
        Case(
            "The conversation decides, whatever the event names",
            .init(ownerOfConversation: "b", topic: "elsewhere", hasUser: true, knowingUser: ["a"]), among: two,
            is: .one("b")),
        Case(
            "A conversation of an installation that takes in nothing new is its own",
            .init(ownerOfConversation: "a", topic: "t"), among: [route("a", accepts: false), route("b")], is: .one("a")),
        Case(
            "One installation has the topic", .init(topic: "t"), among: [route("a"), route("b", on: "u")], is: .one("a")
        ),
        Case(
            "One installation had the topic", .init(topic: "t"), among: [route("a", on: "u", former: ["t"])],
            is: .one("a")),
        Case("Nobody has the topic", .init(topic: "widget", hasUser: true, knowingUser: ["a"]), among: two, is: .none),
        Case(
            "Who takes in nothing new gets no new conversation", .init(topic: "t"), among: [route("a", accepts: false)],
            is: .none),
        Case("No topic is named", .init(topic: nil, hasUser: true, knowingUser: ["a"]), among: two, is: .unknown),
        Case("No topic is named, and Freshchat knows none", .init(topic: nil, isLookedUp: true), among: two, is: .none),
        Case("There is no installation", .init(topic: nil), among: [], is: .none),
        Case(
            "Of two on the topic one knows the user", .init(topic: "t", hasUser: true, knowingUser: ["b"]), among: two,
            is: .one("b")),
        Case(
            "Of two on the topic one knows the reference",
            .init(topic: "t", reference: Reference("viber:anna"), knowingReference: ["b"]), among: two, is: .one("b")),
        Case(
            "Of two kinds on the topic the reference fits one", .init(topic: "t", reference: Reference("chat:anna")),
            among: kinds, is: .one("b")),
        Case(
            "The user is known to both, and the reference fits one",
            .init(topic: "t", reference: Reference("chat:anna"), hasUser: true, knowingUser: ["a", "b"]), among: kinds,
            is: .one("b")),
        Case(
            "The user counts only among those that have the topic",
            .init(topic: "t", hasUser: true, knowingUser: ["c"]), among: two + [route("c", on: "u")], is: .unknown),
        Case(
            "A reference that none of them makes is of somebody else",
            .init(topic: "t", reference: Reference("crm-17"), hasUser: true), among: two, is: .none),
        Case(
            "Two of one kind, and the reference fits both", .init(topic: "t", reference: Reference("viber:anna")),
            among: two, is: .several(["a", "b"])),
        Case(
            "Two know the user and the reference",
            .init(
                topic: "t", reference: Reference("viber:anna"), hasUser: true, knowingUser: ["a", "b"],
                knowingReference: ["a", "b"], isLookedUp: true), among: two, is: .several(["a", "b"])),
        Case(
            "Two on the topic, and nobody knows whom it is for", .init(topic: "t", hasUser: true), among: two,
            is: .unknown),
        Case(
            "Two on the topic, and Freshchat knows no reference of the user",
            .init(topic: "t", hasUser: true, isLookedUp: true), among: two, is: .none),
        Case(
            "Two know the user, of whom Freshchat knows no reference",
            .init(topic: "t", hasUser: true, knowingUser: ["a", "b"], isLookedUp: true), among: two,
            is: .several(["a", "b"])),
        Case(
            "Two addresses on one topic are told apart by the reference",
            .init(topic: "t", reference: Reference("chat:two:anna")),
            among: [
                route("a", "chat", address: "one", form: .addressAndUser),
                route("b", "chat", address: "two", form: .addressAndUser),
            ], is: .one("b")),
    ]

    @Test("What is known tells whose it is", arguments: cases)
    func tells(_ example: Case) {
        #expect(ReplyOwner(example.facts, among: example.routes) == example.owner)
        #expect(ReplyOwner(example.facts, among: example.routes.reversed()).sorted == example.owner.sorted)
    }

    @Test(
        "Whatever is known, nobody gets a reply of a topic that isn't theirs, and the order tells nothing",
        arguments: 0..<20)
    func neverGuesses(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<1000 {
            let routes = Self.randomRoutes(&random)
            let facts = Self.randomFacts(&random, routes)
            let owner = ReplyOwner(facts, among: routes)
            switch owner {
            case .one(let id) where id == facts.ownerOfConversation:
                break
            case .one(let id):
                let topic = try #require(facts.topic)
                let route = try #require(routes.first { $0.installation == id })
                #expect(facts.ownerOfConversation == nil && route.has(topic) && route.accepts)
            case .several(let ids):
                let topic = try #require(facts.topic)
                #expect(ids.count > 1 && routes.filter { ids.contains($0.installation) }.allSatisfy { $0.has(topic) })
            case .unknown:
                #expect(!facts.isLookedUp)
            case .none:
                #expect(facts.ownerOfConversation == nil)
            }
            #expect(ReplyOwner(facts, among: routes.shuffled(using: &random)).sorted == owner.sorted)
        }
    }

    private static func randomRoutes(_ random: inout SeededGenerator) -> [Route] {
        (0..<Int.random(in: 0...4, using: &random)).map { number in
            route(
                InstallationID("i\(number)"), ["viber", "chat"].randomElement(using: &random) ?? "viber",
                on: ["t", "u"].randomElement(using: &random) ?? "t",
                former: [[], [], ["t"], ["v"]].randomElement(using: &random) ?? [],
                address: ["", "one", "two"].randomElement(using: &random) ?? "",
                form: [.user, .addressAndUser].randomElement(using: &random) ?? .user,
                accepts: Int.random(in: 0..<5, using: &random) > 0)
        }
    }

    private static func randomFacts(_ random: inout SeededGenerator, _ routes: [Route]) -> ReplyOwner.Facts {
        func some() -> Set<InstallationID> {
            Set(routes.map(\.installation).filter { _ in Bool.random(using: &random) })
        }
        let references = [nil, "viber:anna", "chat:one:anna", "chat:anna", "crm-17", ""].map {
            $0.map { Reference($0) }
        }
        let hasUser = Bool.random(using: &random)
        return ReplyOwner.Facts(
            ownerOfConversation: Int.random(in: 0..<6, using: &random) == 0 ? "i0" : nil,
            topic: [nil, "t", "u", "v", "widget"].randomElement(using: &random) ?? nil,
            reference: references.randomElement(using: &random) ?? nil, hasUser: hasUser,
            knowingUser: hasUser ? some() : [], knowingReference: some(), isLookedUp: .random(using: &random))
    }

    @Test("Only what isn't sent has a reason")
    func reasons() {
        #expect(ReplyOwner.one("a").reason == nil && ReplyOwner.unknown.reason == nil)
        #expect(ReplyOwner.none.reason == "It belongs to no installation")
        #expect(ReplyOwner.several(["b", "a"]).reason == "Several installations could be meant: a, b")
    }
}

extension ReplyOwner {
    fileprivate var sorted: ReplyOwner {
        guard case .several(let ids) = self else { return self }
        return .several(ids.sorted { $0.rawValue < $1.rawValue })
    }
}
