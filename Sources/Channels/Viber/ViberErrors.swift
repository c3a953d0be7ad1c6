import FoundationEssentials
import HTTPTypes
import RelayCore

extension DeliveryFailure {
    /// What a call of `send_message` that failed means for the delivery.
    init(_ failure: ViberCallFailure, hiding token: Secret, now: Date) {
        let secrets = [token]
        switch failure {
        case .notReady(let problem):
            self.init(.pause, reason: "The connection to Viber isn't fully set up", detail: problem)
        case .transport(let failure):
            self.init(failure, to: "Viber")
        case .http(let reply):
            self.init(http: reply, detail: reply.words(hiding: secrets), now: now)
        case .unreadable(let reply):
            self.init(
                .retry(after: nil), isCertain: false, reason: "Viber's response is unreadable",
                detail: reply.words(hiding: secrets))
        case .refused(let status, let message):
            let words = message.map { ": " + viberWords($0, hiding: secrets) } ?? ""
            self.init(status: status, detail: "status \(status)\(words)", now: now)
        }
    }

    /// Something between Viber's application and us has answered, because Viber itself answers 200 to everything
    /// (viber.md §1, §6). Certain is only what was certainly not applied:
    ///
    /// | HTTP status | remedy | the message is certainly not there |
    /// |---|---|---|
    /// | 400, 413, 414, 415, 422, 431 | dead letter: the content is refused | yes |
    /// | 401, 403 | pause | yes |
    /// | 404, 410 | retry: nobody is there | yes |
    /// | 429 | nothing is sent until the time that it names, else for a minute | yes |
    /// | 408, 425 and 500 to 599 | retry | no |
    /// | 1xx, 2xx without Viber's status, 3xx, any other 4xx, 600 and above | retry | no |
    private init(http reply: HTTPReply, detail: String, now: Date) {
        let status = reply.status.code
        let wait = reply.headers.retryAfter(now: now)
        switch status {
        case 429:
            let seconds = (wait ?? .seconds(60)) / .seconds(1)
            self.init(
                .slowDown(until: now.addingTimeInterval(seconds)), reason: "Viber's rate limit is reached",
                detail: detail)
        case 401, 403:
            self.init(.pause, reason: "Viber rejected the account's credentials", detail: detail)
        case 404, 410:
            self.init(
                .retry(after: wait), reason: "No Viber API at this address; check the API address",
                detail: detail)
        case 408, 425:
            self.init(
                .retry(after: wait), isCertain: false, reason: "Viber timed out (HTTP \(status))",
                detail: detail)
        case 400, 413, 414, 415, 422, 431:
            self.init(.giveUp, reason: "Viber rejected the message", detail: detail)
        case 500...599:
            self.init(ServiceFault(service: "Viber", status: status), after: wait, isCertain: false, detail: detail)
        case 300...399:
            self.init(
                .retry(after: wait), isCertain: false,
                reason: "Viber's API redirects to another address; check the API address", detail: detail)
        default:
            self.init(
                .retry(after: wait), isCertain: false,
                reason: "Viber answered HTTP \(status); it may or may not have accepted the message", detail: detail)
        }
    }

    /// Viber's own refusals, by number (viber.md §6). None of them was applied.
    private init(status: Int64, detail: String, now: Date) {
        let remedy: Remedy
        let reason: String
        var cause: DeadLetterCause?
        switch status {
        case 1, 10:
            remedy = .register
            reason = "Viber has no valid webhook for your account"
        case 2:
            remedy = .pause
            reason = "Viber rejected your account's token"
        case 5:
            remedy = .giveUp
            cause = .unreachable
            reason = "The customer is no longer on Viber"
        case 6:
            remedy = .giveUp
            cause = .unsubscribed
            reason = """
                The customer hasn't subscribed to your Viber account, or has blocked it; replies arrive again after the \
                customer's next message
                """
        case 7:
            remedy = .pause
            reason = "Viber has blocked your account"
        case 8:
            remedy = .pause
            reason = "Viber no longer knows your account"
        case 9:
            remedy = .pause
            reason = "Viber has suspended your account"
        case 11:
            remedy = .giveUp
            cause = .unreachable
            reason = "None of the customer's devices can show business messages on Viber"
        case 12:
            remedy = .waitForContact(until: now.nextFullHour)
            reason = "Viber accepts at most 100 messages per hour to a customer who doesn't answer"
        case 13:
            remedy = .giveUp
            cause = .unreachable
            reason = "The customer's Viber is too old to show this message"
        case 15:
            remedy = .pause
            reason = "Viber doesn't allow your account to send messages"
        case 21:
            remedy = .giveUp
            cause = .unreachable
            reason = "Viber doesn't deliver business messages in the customer's country"
        case 23:
            remedy = .giveUp
            cause = .quota
            reason = """
                Your Viber account has used up this month's free messages; replies arrive again after the customer's \
                next message
                """
        case 24:
            remedy = .giveUp
            cause = .quota
            reason = "Your Viber account has no balance left to pay for messages"
        case 3, 4, 14, 16...20, 22:
            remedy = .giveUp
            reason = "Viber rejected the message"
        default:
            remedy = .retry(after: nil)
            reason = "Viber reported an internal error"
        }
        self.init(remedy, reason: reason, detail: detail, cause: cause)
    }
}

extension Date {
    /// Viber counts messages by the hour of the clock (viber.md §7).
    fileprivate var nextFullHour: Date {
        Date(timeIntervalSince1970: (timeIntervalSince1970 / 3600).rounded(.down) * 3600 + 3600)
    }
}
