import RelayCore

struct CheckTexts: Sendable {
    let good = "OK"
    let bad = "Failed"
    let look = "Action needed"
    let unsure = "Unknown"
    let registration = "Webhook"
    let register = "Register webhook"
    let keyThere = "Set. byoc verifies Freshchat's webhooks with it."
    let keyMissing = "Not set. Agents' replies are rejected until you enter it."
    let enterKey = "Enter public key"
    let replaceKey = "Replace public key"
    let replaceToken = "Replace token"
    let topic = "Topic"
    let topicGone = "Freshchat no longer has this topic. Move the installation to another one."
    let nothingYet = "None received yet."

    func passed(_ count: Int) -> String { "\(counted(Int64(count), "check")) passed" }
    func token(_ party: String) -> String { "\(party) token" }
    func tokenTaken(_ account: String) -> String { "Valid. Account: \(account)." }
    func failed(_ failure: SetupFailure) -> String {
        "\(failure.problem.capitalisedSentence) \(failure.remedy)"
    }
    func registered(_ channel: String) -> String { "\(channel) calls this installation." }
    func registeredAsStored(_ channel: String) -> String { "Registered with \(channel)." }
    func registeredNowhere(_ channel: String) -> String {
        "\(channel) has no webhook, so customer messages aren't arriving."
    }
    func registeredElsewhere(_ channel: String, _ place: String) -> String {
        "\(channel)'s webhook leads to \(place), so customer messages aren't arriving here."
    }
    func notRegistered(_ channel: String) -> String {
        "Not registered with \(channel), or registered with an older address."
    }
    func pasted(_ channel: String) -> String { "Set in \(channel), where you pasted the target URL." }
    func topicDisabled(_ name: String) -> String { "\(name) is disabled in Freshchat. Enable it there." }
    func breaker(_ party: String) -> String { "Sending to \(party)" }
    func breakerOpen(_ party: String) -> String {
        "\(party) isn't responding. byoc is retrying one message at a time and will resume by itself."
    }
    func last(_ party: String) -> String { "Last webhook from \(party)" }
    func lastWebhook(_ count: Int64) -> String { "\(count.grouped) received, last at" }
    func signatures(_ party: String) -> String { "\(party) signatures" }
    func signaturesFine(_ all: Int64) -> String {
        all == 0 ? "All valid." : "Latest valid; \(all.grouped) earlier \(all == 1 ? "one" : "ones") invalid."
    }
    func failingSignatures(_ count: Int64, _ party: String, isKey: Bool) -> String {
        let failed = count == 1 ? "The last signature was" : "The last \(count.grouped) signatures were"
        let credential = isKey ? "public key" : "token"
        return "\(failed) invalid. Unless someone is probing this URL, the \(credential) no longer matches \(party)'s."
    }

    // MARK: Freshchat's webhooks don't come

    let silenceLabel = "Freshchat webhook"

    /// Where they have stopped, the time of the last one follows.
    func silence(_ cause: WebhookSilence.Cause) -> String {
        switch cause {
        case .noKey: "Freshchat's webhooks can't be verified without its public key, so replies arrive late."
        case .wrongSignature:
            "Freshchat's webhooks are rejected because their signatures are invalid, so replies arrive late."
        case .neverHeard: "No Freshchat webhook has ever arrived, so replies arrive late."
        case .stopped: "Freshchat's webhooks have stopped arriving, so replies arrive late. Last webhook:"
        }
    }

    func silenceFix(_ cause: WebhookSilence.Cause) -> String {
        switch cause {
        case .noKey: enterKey
        case .wrongSignature: replaceKey
        case .neverHeard, .stopped: "Set up the Freshchat webhook"
        }
    }
}
