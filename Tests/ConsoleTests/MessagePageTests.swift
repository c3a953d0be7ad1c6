import Console
import FoundationEssentials
import RelayCore
import RelayTesting
import Testing

@Suite struct MessagePageTests {
    @Test func `A message's page has its parts, and a timeline with every attempt in the service's own words`()
        async throws
    {
        let scene = try await MessageScene()
        let picture = Attachment(
            kind: .image, url: "https://media.example.com/1.jpg", name: "parcel.jpg", byteCount: 20_480)
        let id = try scene.message(
            [.text("first line\nsecond"), .attachment(picture), .location(Location(latitude: 1.5, longitude: 2.5))],
            key: "1")
        let failure = DeliveryFailure(
            .retry(after: nil), reason: "Freshchat is busy", detail: "503 Service Unavailable")
        try await scene.store.retry(
            scene.claim(id), after: failure, at: scene.scene.clock.now, counting: true, wakesOnContact: false,
            now: scene.scene.clock.now.addingTimeInterval(1.25))
        try await scene.deliver(id)
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/messages/\(id)")
        #expect(page.status == 200)
        for text in [
            "first line\nsecond", "Picture", "parcel.jpg", "20 KiB", "https://media.example.com/1.jpg", "1.5, 2.5",
            "Attempt 1", "Failed after 1.3 s", "Freshchat is busy (503 Service Unavailable)", "Attempt 2",
            "Sent in 0 ms",
            "Freshchat accepted this message.", ">Delivered</strong>", "dir=\"auto\"",
        ] {
            #expect(page.text.contains(text), "\(text)")
        }
        #expect(!page.text.contains("/retry") && !page.text.contains("/discard"), "nothing is left to decide")
    }

    @Test func `A secret of ours in another service's words is masked`() async throws {
        let scene = try await MessageScene()
        let id = try scene.message("one")
        try await scene.markDead(id, reason: "Refused: \(MessageScene.token)", detail: "token \(MessageScene.token)")
        var browser = await scene.scene.signedIn()
        for path in ["/messages", "/messages/\(id)"] {
            let page = await browser.get(path)
            #expect(page.text.contains("Refused: ••••") && !page.text.contains(MessageScene.token), "\(path)")
        }
    }

    @Test func `A failed message is retried once somebody has read the effects`() async throws {
        let scene = try await MessageScene()
        let id = try scene.message("one")
        try await scene.markDead(id)
        var browser = await scene.scene.signedIn()
        #expect(await browser.get("/messages/\(id)").text.contains("/messages/\(id)/retry\""))
        #expect(await browser.get("/messages/\(id)/retry").text.contains("Retries now, in order:"))
        #expect(try await scene.delivery(id).state == .dead, "asking changes nothing")
        let answer = await browser.decide("/messages/\(id)/retry")
        #expect(answer.status == 303 && answer.location == "/byoc/admin/messages/\(id)")
        #expect(try await scene.delivery(id).state == .waiting)
        #expect(await browser.get("/messages/\(id)").text.contains(">Retry requested.</p>"))
    }

    @Test func `A notice is shown once, and only on the page that it is for`() async throws {
        let scene = try await MessageScene()
        let id = try scene.message("one")
        let other = try scene.message("two")
        try await scene.markDead(id)
        var browser = await scene.scene.signedIn()
        _ = await browser.decide("/messages/\(id)/retry")
        #expect(!(await browser.get("/messages/\(other)").text.contains("Retry requested.</p>")))
        #expect(await browser.get("/messages/\(id)").text.contains("Retry requested.</p>"))
        let reloaded = await browser.get("/messages/\(id)")
        #expect(!reloaded.text.contains("Retry requested.</p>"), "it came back when the page was loaded again")
        #expect(!(await browser.get("/messages/\(id)?done=retry").text.contains("Retry requested.</p>")))
    }

    @Test func `A notice agrees with the state that the page shows`() async throws {
        let scene = try await MessageScene()
        let id = try scene.message("one")
        try await scene.markDead(id)
        var browser = await scene.scene.signedIn()
        _ = await browser.decide("/messages/\(id)/retry")
        try await scene.markDead(id)
        let failed = await browser.get("/messages/\(id)").text
        #expect(failed.contains("Retry requested, but delivery has failed again.") && failed.contains("</svg>Failed<"))
        _ = await browser.decide("/messages/\(id)/retry")
        try await scene.deliver(id)
        let delivered = await browser.get("/messages/\(id)").text
        #expect(delivered.contains("Retry requested. The message has been delivered."))
    }

    @Test func `A decision stands in the timeline with its time and the address that it came from`() async throws {
        let scene = try await MessageScene()
        let id = try scene.message("one")
        try await scene.markDead(id)
        var browser = await scene.scene.signedIn()
        browser.address = "198.51.100.7"
        scene.scene.clock.pass(60)
        _ = await browser.decide("/messages/\(id)/retry")
        scene.scene.clock.pass(60)
        _ = await browser.decide("/messages/\(id)/discard")
        let page = await browser.get("/messages/\(id)").text
        let retried = try #require(page.firstRange(of: "<strong>Retry requested</strong>"))
        let discarded = try #require(page.firstRange(of: "<strong>Discarded</strong>"))
        #expect(retried.lowerBound < discarded.lowerBound)
        #expect(page.contains("2026-02-03 12:01:00 UTC") && page.contains("2026-02-03 12:02:00 UTC"))
        #expect(page.split(separator: "On these pages, from 198.51.100.7.").count == 3)
        #expect(page.split(separator: "<strong>Discarded</strong>").count == 2, "the end repeats the decision")
    }

    @Test func `A held reply can be marked as delivered, sent again or discarded`() async throws {
        for (decision, check) in [
            ("arrived", { (delivery: Delivery) in delivery.state == .waiting && delivery.progress == 1 }),
            ("resend", { $0.state == .waiting && $0.progress == 0 }), ("discard", { $0.state == .discarded }),
        ] as [(String, (Delivery) -> Bool)] {
            let scene = try await MessageScene()
            let id = try scene.reply("one")
            try await scene.hold(id)
            var browser = await scene.scene.signedIn()
            let page = await browser.get("/messages/\(id)")
            #expect(page.text.contains("</svg>Held</span>"))
            #expect(page.text.contains("/messages/\(id)/\(decision)\""))
            let answer = await browser.decide("/messages/\(id)/\(decision)")
            #expect(answer.status == 303, "\(decision)")
            let delivery = try await scene.delivery(id)
            #expect(check(delivery) && delivery.doubtSince == nil, "\(decision)")
        }
    }

    @Test func `A decision needs the form's token, and a message that hasn't moved on since`() async throws {
        let scene = try await MessageScene()
        let id = try scene.reply("one")
        try await scene.hold(id)
        var browser = await scene.scene.signedIn()
        let form = await browser.get("/messages/\(id)/resend")
        let version = try #require(form.value(of: "version"))
        let token = try #require(form.token)
        #expect(await browser.post("/messages/\(id)/resend", [("version", version)]).status == 403)
        #expect(await browser.post("/messages/\(id)/resend", [("version", version), ("csrf", "x")]).status == 403)
        #expect(await browser.post("/messages/\(id)/resend", [("version", "old"), ("csrf", token)]).status == 409)
        let refused = await browser.post("/messages/\(id)/resend", [("version", "old"), ("csrf", token)]).text
        #expect(refused.contains("This message changed since you opened the page."))
        #expect(refused.contains("<a href=\"/byoc/admin/messages/\(id)\">View message</a>"), "the way back")
        #expect(try await scene.delivery(id).state == .held)
        #expect(await browser.post("/messages/\(id)/resend", [("version", version), ("csrf", token)]).status == 303)
        // The same form again, or another decision of its time: the message has moved on.
        for decision in ["resend", "arrived", "discard"] {
            let late = await browser.post("/messages/\(id)/\(decision)", [("version", version), ("csrf", token)])
            #expect(late.status == 409, "\(decision)")
        }
        #expect(try await scene.delivery(id).state == .waiting)
    }

    @Test func `A message that later ones have overtaken is shown as out of order, before and after it is retried`()
        async throws
    {
        let scene = try await MessageScene()
        try await scene.enlist()
        let first = try scene.message("one")
        try await scene.markDead(first)
        let later = try scene.message("two")
        var browser = await scene.scene.signedIn()
        #expect(await browser.get("/messages/\(first)").text.contains("Retries now, in order,"))
        #expect(await browser.get("/messages/\(first)/retry").text.contains("later messages of the conversation wait"))
        try await scene.deliver(later)
        #expect(await browser.get("/messages/\(first)").text.contains("Retries now, out of order,"))
        let form = await browser.get("/messages/\(first)/retry").text
        #expect(form.contains("so this one arrives out of order.") && !form.contains("in order:"))
        _ = await browser.decide("/messages/\(first)/retry")
        for isDelivered in [false, true] {
            if isDelivered { try await scene.deliver(first) }
            let page = await browser.get("/messages/\(first)").text
            #expect(page.contains("<span class=\"badge warn\">Out of order</span>"))
            #expect(page.contains("Later messages of this conversation were sent before it."))
            #expect(await browser.get("/messages").text.contains(">Out of order</span>"))
        }
        #expect(!(await browser.get("/messages/\(later)").text.contains("Out of order")))
    }

    @Test func `Marked as delivered, a message of one part isn't promised more parts`() async throws {
        let scene = try await MessageScene()
        let id = try scene.reply("one")
        try await scene.hold(id)
        var browser = await scene.scene.signedIn()
        _ = await browser.decide("/messages/\(id)/arrived")
        #expect(await browser.get("/messages/\(id)").text.contains("Marked as delivered. Any remaining parts"))
    }

    @Test func `A message that is being sent can't be discarded, and the page says so`() async throws {
        let scene = try await MessageScene()
        let id = try scene.message("one")
        _ = try await scene.claim(id)
        var browser = await scene.scene.signedIn()
        let answer = await browser.decide("/messages/\(id)/discard")
        #expect(answer.status == 409 && answer.text.contains("This message is being sent right now."))
        #expect(try await scene.delivery(id).state == .waiting)
    }

    @Test func `Unknown ids and decisions are not found`() async throws {
        let scene = try await MessageScene()
        let id = try scene.message("one")
        var browser = await scene.scene.signedIn()
        for path in [
            "/messages/999999", "/messages/abc", "/messages/-1", "/messages/+\(id)", "/messages/0\u{660}",
            "/messages/99999999999999999999", "/messages/\(id)/explode", "/messages/\(id)/retry/more",
            "/messages/999999/retry", "/messages/%2e%2e",
        ] {
            #expect(await browser.get(path).status == 404, "\(path)")
        }
        // A customer's message isn't in doubt: nobody can say of it that it arrived.
        #expect(await browser.get("/messages/\(id)/arrived").status == 409)
    }

    @Test func `A message of a removed installation can be read, and not be changed`() async throws {
        let scene = try await MessageScene()
        let id = try scene.message("one")
        try await scene.markDead(id)
        try await scene.store.remove(scene.installation, keepingHistory: true, now: scene.scene.clock.now)
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/messages/\(id)")
        #expect(page.status == 200 && page.text.contains("The installation was removed"))
        #expect(!page.text.contains("/retry"))
        #expect(await browser.decide("/messages/\(id)/retry").status == 409)
    }
}

extension Browser {
    /// Reads what a decision does, and makes it.
    fileprivate mutating func decide(_ path: String) async -> Reply {
        let form = await get(path)
        return await post(path, [("csrf", form.token ?? ""), ("version", form.value(of: "version") ?? "")])
    }
}
