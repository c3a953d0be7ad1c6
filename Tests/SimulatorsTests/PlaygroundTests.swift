import Simulators
import Testing

@Suite("The playground")
struct PlaygroundTests {
    static let markup = ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"]

    @Test("A message each way is shown on both sides, counted once, and has its ticks")
    func bothWays() async throws {
        try await withPeer(playground: PlaygroundConfiguration()) { peer async throws in
            try await peer.setWebhook()
            let customer = peer.sandbox.viber.addCustomer(name: "Ana")
            let path = APIRequest.encode(customer)
            _ = try await peer.control(.post, "/viber/customers/\(path)/messages", ["text": "<b>hi</b>"])
            #expect(await peer.sandbox.settle())
            var state = try await peer.control(.get, "/play/state").json
            #expect(state["tally"]?["inbound"]?["underWay"] == 1)
            #expect(state["people"]?[0]?["messages"]?[0]?["mark"] == "delivered")

            let (_, id) = try await peer.conversation(reference: "viber:\(customer)", text: "<b>hi</b>")
            _ = try await peer.control(.post, "/freshchat/conversations/\(id)/replies", ["text": "answer"])
            _ = try await peer.send("answer", to: customer)
            #expect(await peer.sandbox.settle())
            state = try await peer.control(.get, "/play/state").json
            #expect(state["people"]?[0]?["messages"]?[0]?["mark"] == "seen")
            #expect(state["people"]?[0]?["messages"]?[0]?["text"] == "<b>hi</b>")
            #expect(state["people"]?[0]?["messages"]?[1]?["text"] == "answer")
            #expect(state["conversations"]?[0]?["person"]?.string == customer)
            #expect(state["conversations"]?[0]?["messages"]?[1]?["mark"] == "seen")
            for direction in ["inbound", "outbound"] {
                #expect(state["tally"]?[direction]?["arrived"] == 1)
                #expect(state["tally"]?[direction]?["underWay"] == 0)
                #expect(state["tally"]?[direction]?["doubled"] == 0)
            }
        }
    }

    @Test("Sending it again repeats the webhook byte for byte, with its signature")
    func again() async throws {
        try await withPeer(playground: PlaygroundConfiguration()) { peer async throws in
            try await peer.setWebhook()
            let customer = peer.sandbox.viber.addCustomer()
            let token = peer.sandbox.viber.customerWrites(customer, "once")
            let path = "/play/customers/\(APIRequest.encode(customer))/repeat"
            #expect(try await peer.control(.post, path, ["token": .string(String(token))]).status == 200)
            #expect(try await peer.control(.post, path, ["token": "1"]).status == 404)
            #expect(await peer.sandbox.settle())
            let webhooks = peer.receiver.webhooks("message")
            #expect(webhooks.count == 2)
            #expect(webhooks.first?.body == webhooks.last?.body)
            #expect(
                webhooks.first?.header("X-Viber-Content-Signature")
                    == webhooks.last?.header("X-Viber-Content-Signature"))
            let state = try await peer.control(.get, "/play/state").json
            #expect(state["tally"]?["inbound"]?["sent"] == 1)
            #expect(state["tally"]?["inbound"]?["repeats"] == 1)
        }
    }

    @Test("Customer and agent send pictures that can be fetched")
    func pictures() async throws {
        try await withPeer(playground: PlaygroundConfiguration()) { peer async throws in
            try await peer.setWebhook()
            let customer = peer.subscribe()
            let (_, id) = try await peer.conversation(reference: "viber:\(customer)")
            let path = APIRequest.encode(customer)
            #expect(try await peer.control(.post, "/play/customers/\(path)/pictures").status == 200)
            #expect(try await peer.control(.post, "/play/conversations/\(id)/pictures").status == 200)
            let state = try await peer.control(.get, "/play/state").json
            let shown = [
                state["people"]?[0]?["messages"]?.array?.last?["picture"]?.string,
                state["conversations"]?[0]?["messages"]?.array?.last?["picture"]?.string,
            ]
            for url in shown {
                let answer = try await peer.call(.get, try #require(url))
                #expect(answer.status == 200)
                #expect(answer.header("content-type") == "image/png")
            }
        }
    }

    @Test("Someone can write to the second bot")
    func secondBot() async throws {
        try await withPeer(playground: PlaygroundConfiguration()) { peer async throws in
            #expect(try await peer.control(.post, "/viber/customers", ["name": "Jo", "bot": 1]).status == 404)
            let added = try await peer.control(.post, "/viber/customers", ["name": "Jo", "bot": 0]).json
            #expect(peer.sandbox.viber.bot(ofCustomer: added["id"]?.string ?? "") == 0)
        }
    }

    @Test("The page and its files are there, under a policy that lets nothing else in")
    func page() async throws {
        try await withPeer(playground: PlaygroundConfiguration()) { peer async throws in
            let page = try await peer.call(.get, peer.about.control.url + "/")
            let policy = try #require(page.header("content-security-policy"))
            #expect(policy.contains("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"))
            #expect(!policy.contains("unsafe"))
            let html = String(decoding: page.body, as: UTF8.self)
            let files = html.matches(of: /(?:src|href)="([^"]*)"/).map { String($0.output.1) }
            #expect(files.count >= 3)
            for file in files {
                #expect(file.hasPrefix("/playground/"))
                #expect(try await peer.call(.get, peer.about.control.url + file).status == 200)
            }
            var scripts = ["main.js"]
            var next = 0
            while next < scripts.count {
                let answer = try await peer.call(.get, "\(peer.about.control.url)/playground/\(scripts[next])")
                #expect(answer.header("content-type")?.hasPrefix("text/javascript") == true)
                let text = String(decoding: answer.body, as: UTF8.self)
                for way in Self.markup { #expect(!text.contains(way), "\(way) in \(scripts[next])") }
                for found in text.matches(of: /from "\.\/([a-z]+\.js)"/).map({ String($0.output.1) })
                where !scripts.contains(found) {
                    scripts.append(found)
                }
                next += 1
            }
            #expect(scripts.count >= 6)
            #expect(try await peer.call(.get, peer.about.control.url + "/playground/other.js").status == 404)
        }
    }

    @Test("A sandbox without a playground has no page")
    func none() async throws {
        try await withPeer { peer async throws in
            for path in ["/", "/playground/main.js", "/play/state"] {
                #expect(try await peer.control(.get, path).status == 404)
            }
        }
    }
}
