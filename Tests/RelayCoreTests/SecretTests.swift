import FoundationEssentials
import RelayCore
import Testing

@Suite("Secrets")
struct SecretTests {
    private static let texts = [
        "x", "hunter2", "445da6az1s345z78-dazcczb2542zv51a-e0vc5fva17480im9", "пароль-длиннее-двадцати-четырёх",
    ]

    /// Every way in which a value becomes text by itself.
    private static func printed<Value>(_ value: Value) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        var printed = ""
        print(value, to: &printed)
        debugPrint(value, to: &printed)
        let optional: Value? = value
        return [
            dumped, printed, "\(value)", "\(String(describing: optional))", String(describing: value),
            String(reflecting: value), "\([value])", "\(["key": value])",
            "\(Mirror(reflecting: value).children.map(\.value))",
            "\((value, 1))",
        ]
    }

    @Test("A secret is in nothing that prints it", arguments: texts)
    func printed(_ text: String) {
        for output in Self.printed(Secret(text)) { #expect(!output.contains(text == "x" ? "\"x\"" : text)) }
    }

    @Test("What holds a secret doesn't print it either", arguments: texts.dropFirst())
    func printedWithin(_ text: String) {
        let channel = ChannelAccount(
            kind: "viber", settings: ["a": "b"], secrets: ["auth_token": Secret(text)],
            endpoints: [Endpoint(.target, token: Secret(text))])
        let helpdesk = HelpdeskAccount(
            baseURL: "https://x.example/v2", token: Secret(text), spareTokens: [Secret(text)],
            endpoints: [Endpoint(.event, token: Secret(text))])
        let installation = Installation(
            id: "i", channel: channel, helpdesk: helpdesk, topic: "t", name: "n",
            createdAt: Date(timeIntervalSince1970: 0))
        for output in Self.printed(channel) + Self.printed(helpdesk) + Self.printed(installation) {
            #expect(!output.contains(text))
        }
    }

    @Test("The mask shows the last four characters of a long secret and nothing of a short one")
    func mask() {
        #expect(Secret("445da6az1s345z78-dazcczb2542zv51a").masked == "••••v51a")
        #expect(Secret(String(repeating: "a", count: 23)).masked == "••••")
        #expect(Secret("hunter2").masked == "••••")
        #expect(Secret("").masked == "(empty)")
    }

    @Test("Its text comes back on demand, and through JSON as a plain text")
    func reveal() throws {
        let secret = Secret("hunter2")
        #expect(secret.reveal() == "hunter2")
        #expect(!secret.isEmpty && Secret("").isEmpty)
        let encoded = try JSONEncoder().encode([secret])
        #expect(String(decoding: encoded, as: UTF8.self) == #"["hunter2"]"#)
        #expect(try JSONDecoder().decode([Secret].self, from: encoded) == [secret])
    }

    @Test("An unreadable secret's error doesn't name what stood there")
    func decodingError() {
        let error = #expect(throws: (any Error).self) {
            try JSONDecoder().decode([Secret].self, from: Data(#"[{"hunter2":1}]"#.utf8))
        }
        #expect(!String(reflecting: error).contains("hunter2"))
    }
    @Test("Another service's words are shown with each of our secrets masked, wherever they stand")
    func masking() {
        let secrets = [Secret("445da6az1s345z78-dazcczb2542zv51a"), Secret(""), Secret("hunter2")]
        let words = "no hunter2, no 445da6az1s345z78-dazcczb2542zv51a: hunter2"
        #expect(words.masking(secrets) == "no ••••, no ••••v51a: ••••")
        #expect("nothing".masking(secrets) == "nothing")
    }
}
