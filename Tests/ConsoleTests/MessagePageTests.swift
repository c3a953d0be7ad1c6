import Console
import FoundationEssentials
import RelayCore
import RelayTesting
import Testing

@Suite struct MessagePageTests {
    @Test func `A message's page has its parts, and its way with every attempt in the far side's words`() async throws {
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
            "Attempt 1", "Freshchat is busy (503 Service Unavailable)", "Attempt 2", "Delivered", "dir=\"auto\"",
        ] {
            #expect(page.text.contains(text), "\(text)")
        }
        #expect(!page.text.contains("/retry") && !page.text.contains("/discard"), "nothing is left to decide")
    }

    @Test func `Should a far side's words hold a secret of ours, it is masked`() async throws {
        let scene = try await MessageScene()
        let id = try scene.message("one")
        try await scene.bury(id, reason: "Refused: \(MessageScene.token)", detail: "token \(MessageScene.token)")
        var browser = await scene.scene.signedIn()
        for path in ["/messages", "/messages/\(id)"] {
            let page = await browser.get(path)
            #expect(page.text.contains("Refused: ••••") && !page.text.contains(MessageScene.token), "\(path)")
        }
    }

    @Test func `A dead letter is tried again once somebody has read what that does`() async throws {
        let scene = try await MessageScene()
        let id = try scene.message("one")
        try await scene.bury(id)
        var browser = await scene.scene.signedIn()
        #expect(await browser.get("/messages/\(id)").text.contains("/messages/\(id)/retry\""))
        #expect(await browser.get("/messages/\(id)/retry").text.contains("It becomes due at once"))
        #expect(try await scene.delivery(id).state == .dead, "asking changes nothing")
        let answer = await browser.decide("/messages/\(id)/retry")
        #expect(answer.status == 303 && answer.location == "/byoc/admin/messages/\(id)?done=retry")
        #expect(try await scene.delivery(id).state == .waiting)
        #expect(await browser.get("/messages/\(id)?done=retry").text.contains("It will be tried again now."))
    }

    @Test func `Of a held reply one says that it arrived, or has it sent again, or discards it`() async throws {
        for (decision, check) in [
            ("arrived", { (delivery: Delivery) in delivery.state == .waiting && delivery.progress == 1 }),
            ("resend", { $0.state == .waiting && $0.progress == 0 }), ("discard", { $0.state == .discarded }),
        ] as [(String, (Delivery) -> Bool)] {
            let scene = try await MessageScene()
            let id = try scene.reply("one")
            try await scene.hold(id)
            var browser = await scene.scene.signedIn()
            let page = await browser.get("/messages/\(id)")
            #expect(page.text.contains("</svg>Held for you</span>"))
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
        #expect(try await scene.delivery(id).state == .held)
        #expect(await browser.post("/messages/\(id)/resend", [("version", version), ("csrf", token)]).status == 303)
        // The same form again, or another decision of its time: the message has moved on.
        for decision in ["resend", "arrived", "discard"] {
            let late = await browser.post("/messages/\(id)/\(decision)", [("version", version), ("csrf", token)])
            #expect(late.status == 409, "\(decision)")
        }
        #expect(try await scene.delivery(id).state == .waiting)
    }

    @Test func `What is being sent at this moment is left alone, with a word about it`() async throws {
        let scene = try await MessageScene()
        let id = try scene.message("one")
        _ = try await scene.claim(id)
        var browser = await scene.scene.signedIn()
        let answer = await browser.decide("/messages/\(id)/discard")
        #expect(answer.status == 409 && answer.text.contains("being made at this moment"))
        #expect(try await scene.delivery(id).state == .waiting)
    }

    @Test func `There is nothing at ids and decisions that there aren't`() async throws {
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

    @Test func `A message of a removed installation can still be read, and nothing be done with it`() async throws {
        let scene = try await MessageScene()
        let id = try scene.message("one")
        try await scene.bury(id)
        try await scene.store.remove(scene.installation, keepingHistory: true, now: scene.scene.clock.now)
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/messages/\(id)")
        #expect(page.status == 200 && page.text.contains("Its installation is removed"))
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
