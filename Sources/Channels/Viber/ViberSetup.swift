import FoundationEssentials
import HTTPTypes
package import RelayCore

extension Viber: WebhookRegistering {
    private static let checkTimeout: Duration = .seconds(20)
    /// During the call Viber itself calls the target URL and waits five seconds for it (viber.md §2.1).
    private static let registerTimeout: Duration = .seconds(30)

    package func check(
        _ account: ChannelAccount, over http: any HTTPSender
    ) async throws(SetupFailure) -> ChannelCheck {
        let api = ViberAPI(settings: ViberSettings(account), http: http)
        do {
            let info = try await api.call("get_account_info", [String: String](), timeout: Self.checkTimeout) { info in
                // An account has a name and an id at least (viber.md §2.3).
                info.name != nil || info.id != nil || info.uri != nil
            }
            return ChannelCheck(
                accountName: info.name ?? info.uri ?? "(without a name)", identity: info.id.map { RemoteIdentity($0) },
                webhookURL: info.webhook)
        } catch {
            throw SetupFailure(error, api: api, method: "get_account_info")
        }
    }

    package func register(
        targetURL: String, account: ChannelAccount, over http: any HTTPSender
    ) async throws(SetupFailure) {
        let api = ViberAPI(settings: ViberSettings(account), http: http)
        do {
            _ = try await api.call("set_webhook", ViberWebhookForm(url: targetURL), timeout: Self.registerTimeout)
        } catch {
            if case .refused(status: 1, let message) = error {
                throw SetupFailure(unreached: targetURL, message: message, token: api.settings.token)
            }
            throw SetupFailure(error, api: api, method: "set_webhook", hiding: targetURL)
        }
    }

    package func unregister(account: ChannelAccount, over http: any HTTPSender) async throws(SetupFailure) {
        let api = ViberAPI(settings: ViberSettings(account), http: http)
        do {
            // viber.md §2.2.
            _ = try await api.call("set_webhook", ["url": ""], timeout: Self.checkTimeout)
        } catch {
            throw SetupFailure(error, api: api, method: "set_webhook")
        }
    }
}

/// viber.md §2. The events that aren't named here and are ours (messages) come anyway.
private struct ViberWebhookForm: Encodable {
    var url: String
    var eventTypes = ["delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started"]
    /// Without these the customer has neither name nor picture.
    var sendName = true
    var sendPhoto = true

    private enum CodingKeys: String, CodingKey {
        case url
        case eventTypes = "event_types"
        case sendName = "send_name"
        case sendPhoto = "send_photo"
    }
}

extension SetupFailure {
    /// Explains a failed call to the admin.
    fileprivate init(_ failure: ViberCallFailure, api: ViberAPI, method: String, hiding targetURL: String = "") {
        let secrets = Self.secrets(api.settings.token, targetURL)
        let problem: String
        let remedy: String
        var field: String?
        switch failure {
        case .notReady(let words):
            problem = words
            remedy = "Correct the installation's settings."
        case .transport(let failure):
            field = "api_base_url"
            problem = "\(api.url(method)) could not be reached: \(failure)"
            remedy = "Check this machine's internet access (DNS, firewall, proxy) and try again."
        case .http(let reply):
            if reply.status.kind == .clientError, reply.status != .tooManyRequests { field = "api_base_url" }
            problem = "\(api.url(method)) answered \(reply.words(hiding: secrets))"
            remedy =
                reply.status.kind == .serverError || reply.status == .tooManyRequests
                ? "Try again in a few minutes." : "Check the API address and the token."
        case .unreadable(let reply):
            field = "api_base_url"
            problem = "the response from \(api.url(method)) isn't from Viber: \(reply.words(hiding: secrets))"
            remedy = "Check the API address and any proxy in between, or try again in a few minutes."
        case .refused(let status, let message):
            let words = message.map { "“\(viberWords($0, hiding: secrets))”" } ?? "no reason given"
            if status == 2 { field = "auth_token" }
            (problem, remedy) = Self.advice(status: status, words: "\(words), status \(status)")
        }
        self.init(side: "Viber", problem: problem, remedy: remedy, field: field)
    }

    /// viber.md §6.
    private static func advice(status: Int64, words: String) -> (problem: String, remedy: String) {
        switch status {
        case 2:
            (
                "the token was rejected (\(words))",
                "Copy the whole token again from the bot's page at partners.viber.com."
            )
        case 7, 8, 9, 15:
            (
                "the account is unusable (\(words))",
                "Ask Viber's support, or the partner who set up the bot, to unblock it."
            )
        case 12:
            ("too many requests (\(words))", "Try again in a few minutes.")
        default:
            (
                "the request was rejected (\(words))",
                "Try again. If it fails again, send these words to Viber's support."
            )
        }
    }

    /// Viber called the target URL while byoc waited, and that call failed. Its words are those of its Java client
    /// (viber.md §2.1).
    fileprivate init(unreached targetURL: String, message: String?, token: Secret) {
        let place = Self.shown(targetURL)
        let text = message ?? ""
        let problem: String
        let remedy: String
        if text.contains("SSL") || text.containsInAnyCase("certificate") {
            problem = "Viber doesn't accept the certificate of \(place)"
            remedy = "Use a certificate from a public authority, and serve its full chain of intermediate certificates."
        } else if text.contains("UnknownHost") || text.contains("UnresolvedAddress") {
            problem = "Viber can't resolve \(place)"
            remedy = "Check BYOC_BASE_URL, and that its name is in public DNS."
        } else if text.contains("Connection refused") || text.contains("ConnectException") {
            problem = "Viber could not reach \(place)"
            remedy = "Check that it is public, that nginx runs there, and that the firewall allows port 443."
        } else if text.containsInAnyCase("timeout") || text.containsInAnyCase("timed out") {
            problem = "\(place) didn't answer Viber within 5 seconds"
            remedy = "Check that the workers run, and that the firewall allows Viber."
        } else if let status = Self.httpStatus(in: text) {
            problem = "\(place) answered Viber with HTTP \(status) instead of 200"
            remedy = "Check that nginx passes this address to byoc's workers, and that they use this data folder."
        } else {
            problem = "Viber's test call to \(place) failed"
            remedy = """
                The address must start with https, be public, have a certificate from a public authority with its \
                full chain, and reach running workers. Then try again.
                """
        }
        let words = text.isEmpty ? "no reason given" : "“\(viberWords(text, hiding: Self.secrets(token, targetURL)))”"
        self.init(side: "Viber", problem: "\(problem) (\(words), status 1)", remedy: remedy)
    }

    /// Knowing the URL's path is as good as knowing all of it.
    private static func secrets(_ token: Secret, _ targetURL: String) -> [Secret] {
        let path = HTTPRequest(.post, url: targetURL)?.path ?? ""
        return [token, Secret(targetURL)] + (path.count > 1 ? [Secret(path)] : [])
    }

    /// The URL without its path, because the path contains the installation's secret.
    private static func shown(_ url: String) -> String {
        guard let request = HTTPRequest(.post, url: url), let scheme = request.scheme, let host = request.authority
        else {
            return "the target URL"
        }
        return "\(scheme)://\(host)/…"
    }

    /// The number in `HttpResponse[HTTP/1.1 419 unknown status]`.
    private static func httpStatus(in text: String) -> Int? {
        for word in text.split(separator: "HttpResponse[HTTP/").dropFirst() {
            let words = word.split(whereSeparator: { $0 == " " || $0 == "]" })
            if words.count > 1, let status = Int(words[1]) { return status }
        }
        return nil
    }
}

extension String {
    fileprivate func containsInAnyCase(_ word: String) -> Bool { lowercased().contains(word) }
}
