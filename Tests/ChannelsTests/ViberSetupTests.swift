import Channels
import Foundation
import HTTPTypes
import RelayCore
import RelayTesting
import Testing

@Suite("Setting a Viber account up")
struct ViberSetupTests {
    private let viber = Viber()
    private let targetURL = "https://byoc.example/hook/viber/unguessable-3f9a"

    // MARK: Settings

    private func problem(_ key: String, _ value: String) throws -> String? {
        try #require(viber.descriptor.fields.first { $0.key == key }).problem(value)
    }

    @Test(
        "Good values are good",
        arguments: [
            ("auth_token", "445da6az1s345z78-dazcczb2542zv51a-e0vc5fva17480im9"), ("auth_token", "2"),
            ("sender_name", ""), ("sender_name", String(repeating: "ö", count: 28)), ("sender_avatar", ""),
            ("sender_avatar", "https://x.example/a.png?s=1"), ("welcome_message", ""), ("welcome_message", "Hi\nyou"),
            ("api_base_url", "https://chatapi.viber.com/pa"), ("api_base_url", "http://127.0.0.1:8080/pa"),
            ("api_base_url", "http://localhost:8080"), ("api_base_url", "http://[::1]:8080/pa"), ("api_base_url", ""),
        ])
    func goodValues(_ key: String, _ value: String) throws {
        #expect(try problem(key, value) == nil)
    }

    @Test(
        "Bad values are named",
        arguments: [
            ("auth_token", ""), ("auth_token", "a b"), ("auth_token", "abc\n"), ("auth_token", "токен"),
            ("sender_name", String(repeating: "x", count: 29)), ("sender_avatar", "http://x.example/a.png"),
            ("sender_avatar", "a.png"), ("sender_avatar", "https://x.example/" + String(repeating: "a", count: 1000)),
            ("welcome_message", String(repeating: "x", count: 7001)), ("api_base_url", "http://chatapi.viber.com/pa"),
            ("api_base_url", "http://127.0.0.1.example.com/pa"), ("api_base_url", "http://127.1.1.1.1/pa"),
            ("api_base_url", "chatapi.viber.com"),
            ("api_base_url", "ftp://127.0.0.1/"), ("api_base_url", "https://x.example/pa?x=1"),
        ])
    func badValues(_ key: String, _ value: String) throws {
        #expect(try problem(key, value) != nil)
    }

    @Test("Only the token is needed, and only the token is secret")
    func fields() {
        #expect(viber.descriptor.fields.filter(\.isRequired).map(\.key) == ["auth_token"])
        #expect(viber.descriptor.fields.filter(\.isSecret).map(\.key) == ["auth_token"])
        #expect(viber.descriptor.methods == [.post])
        #expect(!viber.descriptor.isIdempotent)
    }

    // MARK: Checking

    @Test("A good token gives the account's name and its webhook")
    func check() async throws {
        let far = RecordingSender(replies: [
            .json(
                """
                {"status":0,"status_message":"ok","id":"pa:75346594275468546724","name":"account name","uri":"accountUri",\
                "location":{"lon":0.1,"lat":0.2},"country":"UK","webhook":"https://my.url.com",\
                "event_types":["delivered","seen"],"subscribers_count":35,"members":[],"chat_hostname":"SN-..."}
                """)
        ])
        let check = try await viber.check(ViberFixtures.account, over: far)
        #expect(
            check
                == ChannelCheck(
                    accountName: "account name", identity: "pa:75346594275468546724", webhookURL: "https://my.url.com"))
        #expect(check.addresses == [AddressOffer(.only)])
        let (request, body) = try #require(far.requests.first)
        #expect(request.path == "/pa/get_account_info")
        #expect(String(decoding: body, as: UTF8.self) == "{}")
    }

    @Test("An account without a name or a webhook is good too")
    func bareCheck() async throws {
        let far = RecordingSender(replies: [.json(#"{"status":0,"uri":"acme","webhook":""}"#)])
        let check = try await viber.check(ViberFixtures.account, over: far)
        #expect(check == ChannelCheck(accountName: "acme", webhookURL: nil))
    }

    @Test(
        "A 200 without an account in it is reported as a response that isn't from Viber",
        arguments: [
            "<html>Welcome</html>", "", "{}", #"{"status":0}"#, #"{"status":0,"status_message":"ok"}"#,
            #"{"status":0,"name":"acm"#, #"{"status":200,"name":"acme"}"#,
        ])
    func noAccount(_ body: String) async throws {
        let failure = await #expect(throws: SetupFailure.self) {
            _ = try await viber.check(ViberFixtures.account, over: RecordingSender(replies: [.json(body)]))
        }
        #expect(failure?.problem.contains("isn't from Viber") == true)
        #expect(failure?.field == "api_base_url")
    }

    @Test("Nor is a webhook registered or removed by one", arguments: ["<html>", "", "{}", #"{"status":0,"#])
    func notRegistered(_ body: String) async throws {
        await #expect(throws: SetupFailure.self) {
            try await viber.register(
                targetURL: targetURL, account: ViberFixtures.account, over: RecordingSender(replies: [.json(body)]))
        }
        await #expect(throws: SetupFailure.self) {
            try await viber.unregister(account: ViberFixtures.account, over: RecordingSender(replies: [.json(body)]))
        }
    }

    @Test("A wrong token: Viber's words, and where to find the right one")
    func wrongToken() async throws {
        let far = RecordingSender(replies: [.json(#"{"status":2,"status_message":"invalidAuthToken"}"#)])
        let failure = await #expect(throws: SetupFailure.self) {
            _ = try await viber.check(ViberFixtures.account, over: far)
        }
        #expect(failure?.side == "Viber")
        #expect(failure?.problem.contains("invalidAuthToken") == true)
        #expect(failure?.remedy.contains("partners.viber.com") == true)
    }

    @Test("Viber out of reach is said, with the address and the reason")
    func unreachable() async throws {
        let far = RecordingSender(script: [.failure(TransportFailure(isCertain: true, "no such host"))])
        let failure = await #expect(throws: SetupFailure.self) {
            _ = try await viber.check(ViberFixtures.account, over: far)
        }
        #expect(failure?.problem == "https://chatapi.viber.com/pa/get_account_info could not be reached: no such host")
    }

    // MARK: Webhook

    @Test("Registering asks for all events of ours, names and photos, and gives Viber time to call back")
    func register() async throws {
        let far = RecordingSender(replies: [.json(#"{"status":0,"event_types":["message"]}"#)])
        try await viber.register(targetURL: targetURL, account: ViberFixtures.account, over: far)
        let (request, body) = try #require(far.requests.first)
        #expect(request.path == "/pa/set_webhook")
        #expect(
            String(decoding: body, as: UTF8.self) == """
                {"event_types":["delivered","seen","failed","subscribed","unsubscribed","conversation_started"],\
                "send_name":true,"send_photo":true,"url":"\(targetURL)"}
                """)
        #expect(try #require(far.timeouts.first) >= .seconds(15))
    }

    @Test("Unregistering sets an empty address")
    func unregister() async throws {
        let far = RecordingSender(replies: [.json(#"{"status":0,"status_message":"ok"}"#)])
        try await viber.unregister(account: ViberFixtures.account, over: far)
        let (request, body) = try #require(far.requests.first)
        #expect(request.path == "/pa/set_webhook")
        #expect(String(decoding: body, as: UTF8.self) == #"{"url":""}"#)
    }

    @Test(
        "Viber's complaints about the target URL are explained",
        arguments: [
            (
                """
                Result[HttpRequest[POST  HTTP/1.1]@2a3ca559 > HttpResponse[null 0 null]@79fcd025] \
                java.net.ConnectException: Connection refused
                """, "public"
            ),
            ("Result[HttpRequest[POST  HTTP/1.1]@1 > HttpResponse[HTTP/1.1 419 unknown status]@20d79eb3] null", "419"),
            (
                "Result[x] javax.net.ssl.SSLHandshakeException: General SSLEngine problem",
                "full chain"
            ),
            ("Result[x] java.util.concurrent.TimeoutException: Total timeout 5000 ms elapsed", "5 seconds"),
            ("java.net.UnknownHostException: byoc.example", "DNS"),
            (nil, "https"), ("something new", "something new"),
        ] as [(String?, String)])
    func unreached(_ message: String?, _ expected: String) async throws {
        let words = message.map { #","status_message":"\#($0)""# } ?? ""
        let far = RecordingSender(replies: [.json(#"{"status":1,"chat_hostname":"SN-CHAT-06_"\#(words)}"#)])
        let failure = await #expect(throws: SetupFailure.self) {
            try await viber.register(targetURL: targetURL, account: ViberFixtures.account, over: far)
        }
        let text = try #require(failure?.description)
        #expect(text.contains(expected))
        #expect(text.contains("https://byoc.example/…"))
        if let message { #expect(text.contains(message)) }
    }

    @Test("The secret in the target URL is in no complaint, even when Viber repeats it")
    func targetURLHidden() async throws {
        for status in [1, 2, 3] {
            let answer =
                #"{"status":\#(status),"status_message":"\#(targetURL) at /hook/viber/unguessable-3f9a is bad"}"#
            let failure = await #expect(throws: SetupFailure.self) {
                try await viber.register(
                    targetURL: targetURL, account: ViberFixtures.account,
                    over: RecordingSender(replies: [.json(answer)]))
            }
            #expect(failure?.description.contains("unguessable-3f9a") == false)
            #expect(failure?.description.contains("is bad") == true)
        }
    }

    @Test("A wrong token is told from an unreachable target URL")
    func registerWrongToken() async throws {
        let far = RecordingSender(replies: [.json(#"{"status":2,"status_message":"invalidAuthToken"}"#)])
        let failure = await #expect(throws: SetupFailure.self) {
            try await viber.register(targetURL: targetURL, account: ViberFixtures.account, over: far)
        }
        #expect(failure?.problem.contains("token") == true)
        #expect(failure?.problem.contains("byoc.example") == false)
    }
}
