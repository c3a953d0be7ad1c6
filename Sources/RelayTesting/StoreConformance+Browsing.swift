import FoundationEssentials
import RelayCore
import Testing

extension StoreConformance {
    static let browsingChecks: [Check] = [
        Check("Messages are found newest first, by state, direction, installation, channel, contact and text") {
            scene in
            let ids = try await scene.fillForBrowsing()
            func texts(_ adjust: (inout MessageQuery) -> Void) async throws -> [String] {
                var query = MessageQuery()
                adjust(&query)
                let page = try await scene.store.messages(query)
                #expect(page.older == nil && page.newer == nil && page.lookedThrough == nil)
                return page.messages.map(\.delivery.text)
            }
            let all = ["Over there", "Your PARCEL", "Held", "in doubt", "dead", "Where is my parcel?"]
            #expect(try await texts { _ in } == all)
            #expect(try await texts { $0.standing = .delivered } == ["Where is my parcel?"])
            #expect(try await texts { $0.standing = .waiting } == ["Over there", "Your PARCEL", "in doubt"])
            #expect(try await texts { $0.standing = .inDoubt } == ["in doubt"])
            #expect(try await texts { $0.standing = .dead } == ["dead"])
            #expect(try await texts { $0.standing = .held } == ["Held"])
            #expect(try await texts { $0.standing = .discarded } == [])
            #expect(try await texts { $0.direction = .outbound } == ["Your PARCEL", "Held"])
            #expect(try await texts { $0.installation = "viber-2" } == ["Over there"])
            #expect(try await texts { $0.installation = "nobody" } == [])
            #expect(try await texts { $0.channel = "telegram" } == [])
            #expect(try await texts { $0.channel = "viber" }.count == 6)
            #expect(try await texts { $0.text = "parcel" } == ["Your PARCEL", "Where is my parcel?"])
            #expect(try await texts { $0.text = "100%" } == [])
            // Words of the stored form are nobody's words.
            #expect(try await texts { $0.text = "userID" } == [])
            #expect(try await texts { $0.contact = "anna" } == ["Your PARCEL", "Held", "Where is my parcel?"])
            #expect(try await texts { $0.contact = "user of anna" }.count == 3)
            #expect(try await texts { $0.contact = "БОРИС" } == ["in doubt", "dead"])
            #expect(try await texts { $0.contact = "nobody" } == [])
            #expect(
                try await texts {
                    $0.contact = "anna"
                    $0.standing = .waiting
                } == ["Your PARCEL"])
            #expect(
                try await texts {
                    $0.contact = "борис"
                    $0.standing = .inDoubt
                } == ["in doubt"])
            #expect(
                try await texts {
                    $0.installation = scene.installation
                    $0.standing = .waiting
                    $0.direction = .outbound
                    $0.text = "your"
                } == ["Your PARCEL"])
            let one = try await scene.store.message(ids[0])
            #expect(one?.delivery.text == "Where is my parcel?" && one?.contact?.profile.userID == "anna")
            #expect(try await scene.store.message(DeliveryID(rawValue: 1_000_000)) == nil)
        },
        Check("Text is found as it was written, whatever signs are in it") { scene in
            let texts = ["50% off_now", "a/b \"quoted\" \\ back", "Привет, Анна", "שלום 👋🏽", "line\nbreak"]
            for (number, text) in texts.enumerated() {
                try scene.accept(scene.message(text, from: ChannelUserID("user-\(number)")))
            }
            for (part, text) in [
                ("50% OFF_", texts[0]), ("b \"quoted\" \\", texts[1]), ("a/b", texts[1]), ("привет", texts[2]),
                ("АННА", texts[2]), ("👋🏽", texts[3]), ("line\nb", texts[4]),
            ] {
                let page = try await scene.store.messages(MessageQuery(text: part))
                #expect(page.messages.map(\.delivery.text) == [text], "\(part)")
            }
        },
        Check("Paging meets each message once, both ways, while new ones come in between") { scene in
            var wanted: [DeliveryID] = []
            for number in 0..<23 {
                wanted += try scene.accept(
                    scene.message("m\(number)", from: ChannelUserID("user-\(number % 5)"), name: "Anna \(number % 5)")
                ).deliveries
            }
            let queries = [
                MessageQuery(limit: 4), MessageQuery(standing: .waiting, limit: 4),
                MessageQuery(contact: "Anna", limit: 4),
                MessageQuery(installation: scene.installation, limit: 4), MessageQuery(text: "m", limit: 4),
                MessageQuery(direction: .inbound, limit: 4, lookLimit: 3),
            ]
            for (number, query) in queries.enumerated() {
                var query = query
                var met: [DeliveryID] = []
                var turns = 0
                repeat {
                    let page = try await scene.store.messages(query)
                    met += page.messages.map(\.delivery.id)
                    // Unlike those wanted, so that they are new to all of the queries, and of a contact that one has.
                    try scene.accept(scene.message("m new \(number) \(turns)", from: "user-1"))
                    guard let older = page.older else { break }
                    query.place = older
                    turns += 1
                } while turns < 100
                #expect(Array(met.filter(wanted.contains)) == wanted.reversed(), "\(queries[number])")
                #expect(Set(met).count == met.count)

                query.place = .after(DeliveryID(rawValue: wanted[0].rawValue - 1))
                met = []
                turns = 0
                repeat {
                    let page = try await scene.store.messages(query)
                    met += page.messages.map(\.delivery.id).reversed()
                    guard let newer = page.newer else { break }
                    query.place = newer
                    turns += 1
                } while turns < 100
                #expect(Array(met.prefix(wanted.count)) == wanted, "\(queries[number])")
                #expect(Set(met).count == met.count && met == met.sorted())
            }
        },
        Check("A look ends at its limit, and says where the next one begins") { scene in
            for number in 0..<10 {
                try scene.accept(scene.message(number == 0 ? "needle" : "hay", from: ChannelUserID("user-\(number)")))
            }
            var query = MessageQuery(text: "needle", lookLimit: 4)
            var found: [String] = []
            var looks: [Int?] = []
            for _ in 0..<3 {
                let page = try await scene.store.messages(query)
                found += page.messages.map(\.delivery.text)
                looks.append(page.lookedThrough)
                if let older = page.older { query.place = older }
            }
            #expect(found == ["needle"] && looks == [4, 4, nil])
            query.place = .after(DeliveryID(rawValue: 0))
            let page = try await scene.store.messages(query)
            #expect(page.messages.map(\.delivery.text) == ["needle"] && page.lookedThrough == 4 && page.newer != nil)
        },
        Check("Odd places and limits give pages without messages or the whole, and no failure") { scene in
            let id = try scene.accept(scene.message("one")).deliveries[0]
            for place in [
                MessageQuery.Place.before(DeliveryID(rawValue: .min)), .after(DeliveryID(rawValue: .max)), .before(id),
                .after(id), .before(DeliveryID(rawValue: 0)),
            ] {
                #expect(try await scene.store.messages(MessageQuery(place: place)).messages.isEmpty)
            }
            for place in [MessageQuery.Place.before(DeliveryID(rawValue: .max)), .after(DeliveryID(rawValue: .min))] {
                #expect(try await scene.store.messages(MessageQuery(place: place)).messages.count == 1)
            }
            #expect(try await scene.store.messages(MessageQuery(limit: 0)).messages.isEmpty)
        },
        Check("Of a name that many have, the newest are followed, and the page says that there are more") { scene in
            for number in 0..<(MessageQuery.contactLimit + 1) {
                let user = ChannelUserID("user-\(number)")
                try scene.accept(scene.message("m\(number)", from: user, name: "Anna \(number)"))
            }
            let many = try await scene.store.messages(MessageQuery(contact: "anna"))
            #expect(many.hasMoreContacts && many.messages.count == MessageQuery.contactLimit)
            #expect(many.messages.last?.delivery.text == "m1")
            let few = try await scene.store.messages(MessageQuery(contact: "anna 1"))
            #expect(!few.hasMoreContacts && few.messages.count == 11)
        },
        Check("That a held reply arrived counts its piece as delivered, and nothing sends it again") { scene in
            _ = try await scene.acquaint()
            let id = try scene.accept(scene.reply("one")).deliveries[0]
            await scene.expect(.conflict) { try await scene.store.confirmArrival(id, from: .command, now: scene.start) }
            let claim = try await scene.claim()
            await scene.expect(.conflict) { try await scene.store.confirmArrival(id, from: .command, now: scene.start) }
            try await scene.store.hold(claim, reason: "unknown", note: nil, now: scene.at(1))
            try await scene.store.confirmArrival(id, from: .command, now: scene.at(2))
            let again = try await scene.claim(at: 2)
            #expect(again.delivery.id == id && again.delivery.progress == 1 && again.doubt == nil)
            #expect(again.delivery.reason.isEmpty && again.delivery.finishedAt == nil)
            try await scene.complete(again, at: 3)
            await scene.expect(.conflict) { try await scene.store.confirmArrival(id, from: .command, now: scene.at(4)) }
            await scene.expect(.notFound) {
                try await scene.store.confirmArrival(DeliveryID(rawValue: 1_000_000), from: .command, now: scene.at(4))
            }
        },
        Check("Nobody need say of a customer's message that it arrived") { scene in
            let id = try scene.accept(scene.message("one")).deliveries[0]
            try await scene.retry(scene.claim(), after: scene.silence, until: 100)
            await scene.expect(.conflict) { try await scene.store.confirmArrival(id, from: .command, now: scene.at(1)) }
            #expect(try await scene.delivery(id).progress == 0)
        },
        Check("Each minute's figures are kept once, and the oldest give way") { scene in
            let flow = Flow(scene.installation, .inbound)
            let first = MinuteMark.minute(of: scene.start)
            func keep(minute: Int64) async throws {
                try await scene.store.keepMinute(
                    of: try scene.store.metrics(), now: Date(timeIntervalSince1970: Double(first + minute) * 60 + 7))
            }
            try await keep(minute: 0)
            try scene.accept(scene.message("one"))
            try await scene.complete(scene.claim(at: 0.3), at: 0.3)
            try scene.accept(scene.message("two"))
            // The second worker to tell the minute changes nothing.
            try await keep(minute: 0)
            try await keep(minute: 1)
            let marks = try await scene.store.minutes()
            #expect(Set(marks.keys) == [flow, Flow(scene.installation, .outbound)])
            #expect(marks[flow]?.map(\.minute) == [first, first + 1])
            #expect(marks[flow]?.map(\.accepted) == [0, 2] && marks[flow]?.map(\.delivered) == [0, 1])
            #expect(marks[flow]?.map(\.waiting) == [0, 1])
            #expect(marks[flow]?.map(\.latency.count) == [0, 1] && marks[flow]?.last?.latency.sum == 300_000)
            for minute in 2..<(2 * FlowHistory.capacity) { try await keep(minute: minute) }
            let kept = try #require(try await scene.store.minutes()[flow])
            #expect(kept.count == Int(FlowHistory.capacity) && kept.first?.minute == first + FlowHistory.capacity)
        },
    ]
}

extension StoreScene {
    /// One message of each kind.
    fileprivate func fillForBrowsing() async throws -> [DeliveryID] {
        try await store.save(sample("viber-2"), now: start)
        var ids = try accept(message("Where is my parcel?", from: "anna", name: "Anna")).deliveries
        let first = try await claim()
        try await store.remember(user: "user of anna", written: nil, for: first, now: start)
        try await store.remember(conversation: "conversation-1", topic: topic, for: first, now: start)
        try await complete(first)
        ids += try accept(message("dead", from: "boris", name: "Борис")).deliveries
        try await store.bury(claim(), because: refusal, note: nil, now: start)
        ids += try accept(message("in doubt", from: "boris")).deliveries
        try await retry(claim(), after: silence, until: 100)
        ids += try accept(reply("Held")).deliveries
        try await store.hold(claim(), reason: "unknown", note: nil, now: start)
        ids += try accept(reply("Your PARCEL")).deliveries
        ids += try accept(message("Over there", from: "carl"), to: "viber-2").deliveries
        return ids
    }
}
