import Foundation
import HTTPTypes
import RelayCore
import RelayTesting

extension ViberFixtures {
    private typealias Case = ChannelFixtures.ErrorCase

    /// The table of viber.md §6, and what a network may do besides.
    static let errors: [ChannelFixtures.ErrorCase] = statuses + limits + network

    private static let statuses: [Case] = [
        (1, .register), (2, .pause), (3, .giveUp), (4, .giveUp), (5, .giveUp), (6, .giveUp), (7, .pause), (8, .pause),
        (9, .pause), (10, .register), (11, .giveUp), (13, .giveUp), (14, .giveUp), (15, .pause), (16, .giveUp),
        (17, .giveUp), (18, .giveUp), (19, .giveUp), (20, .giveUp), (21, .giveUp), (22, .giveUp), (23, .giveUp),
        (24, .giveUp), (25, .retry(after: nil)), (-1, .retry(after: nil)), (99, .retry(after: nil)),
    ].map { status, remedy in
        Case("status \(status)", .success(.json(#"{"status":\#(status),"status_message":"word"}"#)), remedy)
    }

    /// `now` is 19:41:00.5 UTC.
    private static let fullHour = Date(timeIntervalSince1970: 1_687_204_800)

    private static let limits: [Case] = [
        Case(
            "the hourly limit, older words",
            .success(
                .json(
                    """
                    {"status":12,"status_message":"maximum messages from Public Account to Viber user without reply \
                    exceeded.","message_token":5741311803571721087,"chat_hostname":"SN-CHAT-0x_"}
                    """)),
            .waitForContact(until: fullHour)),
        Case(
            "the hourly limit, newer words",
            .success(
                .json(#"{"status":12,"status_message":"Too many requests","message_token":"5741311803571721087"}"#)),
            .waitForContact(until: fullHour)),
        Case("the status as a text", .success(.json(#"{"status":"6"}"#)), .giveUp),
        Case(
            "429 without a time", .success(HTTPReply(status: .tooManyRequests)),
            .slowDown(until: now.addingTimeInterval(60))),
        Case(
            "429 with a time", .success(HTTPReply(status: .tooManyRequests, headers: [.retryAfter: "7"])),
            .slowDown(until: now.addingTimeInterval(7))),
    ]

    private static let network: [Case] = [
        Case("500", .success(.json("{}", status: .internalServerError)), .retry(after: nil), isCertain: false),
        Case(
            "503 with a time", .success(HTTPReply(status: .serviceUnavailable, headers: [.retryAfter: "3"])),
            .retry(after: .seconds(3)), isCertain: false),
        Case("504", .success(HTTPReply(status: .gatewayTimeout)), .retry(after: nil), isCertain: false),
        Case("408", .success(HTTPReply(status: .requestTimeout)), .retry(after: nil), isCertain: false),
        Case("401", .success(HTTPReply(status: .unauthorized)), .pause),
        Case("403", .success(.json("nginx", status: .forbidden)), .pause),
        Case("413", .success(HTTPReply(status: .contentTooLarge)), .giveUp),
        Case("404", .success(.json("<html>", status: .notFound)), .retry(after: nil)),
        Case("a redirect", .success(HTTPReply(status: .movedPermanently)), .retry(after: nil), isCertain: false),
        Case("304", .success(HTTPReply(status: .notModified)), .retry(after: nil), isCertain: false),
        Case("101", .success(HTTPReply(status: .switchingProtocols)), .retry(after: nil), isCertain: false),
        Case("499", .success(HTTPReply(status: .init(code: 499))), .retry(after: nil), isCertain: false),
        Case("999", .success(HTTPReply(status: .init(code: 999))), .retry(after: nil), isCertain: false),
        Case("204", .success(HTTPReply(status: .noContent)), .retry(after: nil), isCertain: false),
        Case(
            "a cut answer", .success(.json(#"{"status":0,"message_tok"#)), .retry(after: nil), isCertain: false),
        Case(
            "a framework's error", .success(.json(#"{"status":500,"error":"Internal Server Error","path":"/pa"}"#)),
            .retry(after: nil), isCertain: false),
        Case("a page in place of JSON", .success(.json("<html>Welcome</html>")), .retry(after: nil), isCertain: false),
        Case("an empty answer", .success(.json("")), .retry(after: nil), isCertain: false),
        Case("JSON without a status", .success(.json("{}")), .retry(after: nil), isCertain: false),
        Case("a list", .success(.json("[0]")), .retry(after: nil), isCertain: false),
        Case(
            "nobody listens", .failure(TransportFailure(isCertain: true, "connection refused")), .retry(after: nil)),
        Case(
            "no answer in time", .failure(TransportFailure(isCertain: false, "the time is over")),
            .retry(after: nil), isCertain: false),
    ]
}
