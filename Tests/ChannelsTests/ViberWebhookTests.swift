import Channels
import Crypto
import Foundation
import HTTPTypes
import RelayCore
import RelayTesting
import Testing

@Suite("Viber's callbacks")
struct ViberWebhookTests {
    private let viber = Viber()

    // MARK: Signature (viber.md §4)

    struct Vector: Sendable, CustomTestStringConvertible {
        var name: String
        var token: String
        var body: String
        var signature: String
        /// Genuine and a callback.
        var isReadable = true

        var testDescription: String { name }
    }

    static let vectors = [
        Vector(
            name: "V1", token: ViberFixtures.token,
            body: """
                {"event":"webhook","timestamp":1663858877101,"chat_hostname":"SN-CHAT-03_",\
                "message_token":5753750845017966998}
                """,
            signature: "c3b4ebaa46ef7ae655d285f89d2e222cdf6885905501bb148183cf1100e21f1f"),
        Vector(
            name: "V2", token: ViberFixtures.token,
            body: """
                {"event":"message","timestamp":1687200046080,"chat_hostname":"SN-CALLBACK-04_",\
                "message_token":5851650804048782321,"sender":{"id":"aB3/xYz+Q1k0pLmN5oPqRg==","name":"Олена ☺",\
                "language":"uk-UA","country":"UA","api_version":10},"message":{"text":"Добрий день 👋","type":"text"},\
                "silent":false}
                """,
            signature: "c020d5c38bc7abcb135ed0d7c7846081383bf22d8d5b7ae542adf061b1e57fb3"),
        Vector(
            name: "V3", token: "44dafb7e0f40021e-61a47a1e6778d187-f2c5a676a07050b3",
            body: #"{"event":"webhook","timestamp":4977069964384421269,"message_token":1478683725125}"#,
            signature: "d21b343448c8aee33b8e93768ef6ceb64a6ba6163099973a2b8bd028fea510ef"),
        Vector(
            name: "V4", token: "2", body: "1",
            signature: "4703d481ddedca88184497744b52937586bef3b273645082c04529f73b85456e", isReadable: false),
    ]

    /// What `json.dumps(json.loads(body))` of V2 is signed with.
    private static let negative = "47fc9c6df25282af98a06c950a19b1cfabd365c30211505d9320f5f1e914a4e1"

    private func read(
        _ body: String, signature: String?, token: String = ViberFixtures.token
    ) throws(WebhookRefusal) -> WebhookReading<ChannelEvent> {
        var account = ViberFixtures.account
        account.secrets["auth_token"] = Secret(token)
        return try viber.read(ViberFixtures.request(Array(body.utf8), signature: signature), account: account)
    }

    @Test("The published vectors are genuine, in digits of either case", arguments: vectors, [false, true])
    func published(_ vector: Vector, inCapitals: Bool) throws {
        let signature = inCapitals ? vector.signature.uppercased() : vector.signature
        if vector.isReadable {
            #expect(try read(vector.body, signature: signature, token: vector.token).events.count == 1)
        } else {
            let refusal = #expect(throws: WebhookRefusal.self) {
                try read(vector.body, signature: signature, token: vector.token)
            }
            #expect(refusal?.kind == .malformed)
        }
    }

    @Test("Serialising V2 again gives the vector that must be refused against the raw body, and it is")
    func negativeVector() throws {
        let body = Self.vectors[1].body
        #expect(body.utf8.count == 310)
        let again = Array(body.reserialisedJSON.utf8)
        #expect(ViberFixtures.signature(again, token: ViberFixtures.token) == Self.negative)
        let refusal = #expect(throws: WebhookRefusal.self) { try read(body, signature: Self.negative) }
        #expect(refusal?.kind == .notGenuine)
    }

    @Test("A single flipped bit in the signature is rejected", arguments: 0..<256)
    func flippedBit(_ bit: Int) throws {
        let vector = Self.vectors[0]
        var bytes = stride(from: 0, to: 64, by: 2).map { index in
            let start = vector.signature.index(vector.signature.startIndex, offsetBy: index)
            return UInt8(vector.signature[start...].prefix(2), radix: 16) ?? 0
        }
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        let signature = bytes.map { String(format: "%02x", $0) }.joined()
        let refusal = #expect(throws: WebhookRefusal.self) { try read(vector.body, signature: signature) }
        #expect(refusal?.kind == .notGenuine)
    }

    static let nonsense: [String?] = [
        nil, "", " ", "0", String(repeating: "0", count: 63), String(repeating: "0", count: 65),
        String(repeating: "g", count: 64), String(repeating: "ä", count: 32), String(repeating: "ä", count: 64),
        vectors[0].signature + vectors[0].signature, "sha256=" + vectors[0].signature,
        String(vectors[0].signature.dropLast()), "0x" + vectors[0].signature.dropLast(2),
    ]

    @Test("A signature that is missing, too short, too long or no hexadecimal number is rejected", arguments: nonsense)
    func nonsenseSignature(_ signature: String?) {
        let refusal = #expect(throws: WebhookRefusal.self) { try read(Self.vectors[0].body, signature: signature) }
        #expect(refusal?.kind == .notGenuine)
        #expect(refusal?.status == .forbidden)
    }

    @Test("Two signature headers are rejected, even if both are right")
    func twoSignatures() throws {
        let vector = Self.vectors[0]
        var request = ViberFixtures.request(Array(vector.body.utf8), signature: vector.signature)
        let name = try #require(HTTPField.Name("X-Viber-Content-Signature"))
        request.headers.append(HTTPField(name: name, value: vector.signature))
        #expect(throws: WebhookRefusal.self) { try viber.read(request, account: ViberFixtures.account) }
    }

    @Test("A signature in the query is not looked at")
    func signatureInQuery() {
        let vector = Self.vectors[0]
        var request = ViberFixtures.request(Array(vector.body.utf8), signature: nil)
        request.query = "sig=" + vector.signature
        let refusal = #expect(throws: WebhookRefusal.self) {
            try viber.read(request, account: ViberFixtures.account)
        }
        #expect(refusal?.kind == .notGenuine)
    }

    @Test("Without a token nothing can be verified, and the sender is to come again")
    func noToken() {
        let refusal = #expect(throws: WebhookRefusal.self) {
            try viber.read(ViberFixtures.signed("{}"), account: ChannelAccount(kind: "viber"))
        }
        #expect(refusal?.kind == .notReady)
    }

    @Test("Only POST is a callback")
    func onlyPost() {
        var request = ViberFixtures.signed(Self.vectors[0].body)
        request.method = .get
        let refusal = #expect(throws: WebhookRefusal.self) {
            try viber.read(request, account: ViberFixtures.account)
        }
        #expect(refusal?.kind == .malformed)
    }

    // MARK: Bodies

    @Test(
        "A genuine body that is no object with an event is malformed",
        arguments: [
            "", " ", "1", "null", "[]", "\"message\"", "{", "{}", #"{"event":null}"#, #"{"event":{}}"#, "\u{0}",
        ])
    func malformed(_ body: String) {
        let refusal = #expect(throws: WebhookRefusal.self) {
            try viber.read(ViberFixtures.signed(body), account: ViberFixtures.account)
        }
        #expect(refusal?.kind == .malformed)
        #expect(refusal?.status == .badRequest)
    }

    @Test("A message token keeps all its digits")
    func exactToken() throws {
        for token in ["5851650804048782321", "9007199254740993", "18446744073709551615", "1"] {
            for form in [token, "\"\(token)\""] {
                let body = #"{"event":"seen","message_token":\#(form),"user_id":"u","timestamp":1687200046080}"#
                let event = try #require(
                    try viber.read(ViberFixtures.signed(body), account: ViberFixtures.account).events.first)
                guard case .receipt(let receipt) = event.content else {
                    Issue.record("\(event.content) is no receipt")
                    continue
                }
                #expect(receipt.messageID.rawValue == token)
                #expect(event.dedupeKey == DedupeKey("seen:\(token):u"))
            }
        }
    }

    @Test("One message's delivered and seen are two events; delivered from a second device is a repeat")
    func receiptNames() throws {
        func key(_ event: String, _ timestamp: Int) throws -> DedupeKey? {
            let body = #"{"event":"\#(event)","timestamp":\#(timestamp),"message_token":5,"user_id":"u"}"#
            return try viber.read(ViberFixtures.signed(body), account: ViberFixtures.account).events.first?.dedupeKey
        }
        #expect(try key("delivered", 1_687_200_046_080) == key("delivered", 1_687_200_046_999))
        #expect(try key("delivered", 1_687_200_046_080) != key("seen", 1_687_200_046_080))
    }

    @Test("A time that can't be one is replaced by that of the arrival", arguments: ["0", "-1", "1478683725", "null"])
    func times(_ timestamp: String) throws {
        let body = #"{"event":"unsubscribed","timestamp":\#(timestamp),"message_token":5,"user_id":"u"}"#
        let event = try viber.read(ViberFixtures.signed(body), account: ViberFixtures.account).events.first
        let change = SubscriptionChange(
            user: ContactProfile(userID: "u"), kind: .unsubscribed, at: ViberFixtures.now)
        #expect(event?.content == .subscription(change))
    }

    // MARK: Welcome

    private static let opened = #"{"event":"conversation_started","message_token":5,"user":{"id":"u"},"type":"open"}"#

    @Test("Without a welcome message the opened chat is answered with an empty 200", arguments: [nil, "", " \n"])
    func noWelcome(_ welcome: String?) throws {
        var account = ViberFixtures.account
        account.settings["welcome_message"] = welcome
        #expect(try viber.read(ViberFixtures.signed(Self.opened), account: account).response == nil)
    }

    @Test("The welcome message is JSON with text and sender, and no receiver")
    func welcome() throws {
        var account = ViberFixtures.account
        account.settings = ["welcome_message": "Hi"]
        let response = try viber.read(ViberFixtures.signed(Self.opened), account: account).response
        #expect(response?.status == .ok)
        #expect(response?.headers[.contentType] == "application/json")
        #expect(
            String(decoding: response?.body ?? [], as: UTF8.self)
                == #"{"sender":{"name":"Agent"},"text":"Hi","type":"text"}"#)
    }

    @Test("No other event is answered with the welcome message")
    func welcomeOnlyOnce() throws {
        for event in ["subscribed", "message", "webhook", "unsubscribed"] {
            let body = Self.opened.replacing("conversation_started", with: event)
            #expect(try viber.read(ViberFixtures.signed(body), account: ViberFixtures.account).response == nil)
        }
    }
}
