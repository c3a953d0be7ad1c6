import Channels
import FastCGI
import FoundationEssentials
import Freshchat
import HTTPTypes
import Relay
import RelayCore

/// Brings what the responder has read to the adapters, on the responder's own thread with its small stack, as `byoc`
/// does.
enum WebhookFront {
    static let token = "4d2f1b0c9a8e7d6c-fuzz-7f6e5d4c3b2a1908"
    static let account = ChannelAccount(kind: "viber", secrets: ["auth_token": Secret(token)])
    static let noon = Date(timeIntervalSince1970: 1_770_120_000)
    private static let helpdesk = FreshchatHelpdesk()

    /// Says in `X-Read` what accepted the request. What has no route is echoed.
    @Sendable static func respond(to request: ServerRequest) -> ServerResponse {
        let path = (request.head.path ?? "").prefix { $0 != "?" }
        let webhook = WebhookRequest(
            method: request.head.method, path: String(path), headers: request.head.headerFields, body: request.body,
            remoteAddress: request.remoteAddress, id: request.id, receivedAt: noon)
        do throws(WebhookRefusal) {
            switch Endpoints.route(String(path)) {
            case .channel:
                let reading = try Viber().read(webhook, account: account)
                return accepted("channel", reading.events.count)
            case .helpdesk:
                let account = HelpdeskAccount(
                    baseURL: "", token: Secret(""), webhookPublicKey: KnownSignature.key)
                return accepted("helpdesk", try helpdesk.readWebhook(webhook, account: account).events.count)
            case .productEvent:
                return accepted("product", try helpdesk.readProductEvent(webhook).events.count)
            case .health, .readiness, .metrics:
                return .text("ok")
            case nil:
                return ServerResponse(
                    head: HTTPResponse(status: .ok, headerFields: [readBy: "echo"]), body: request.body)
            }
        } catch {
            return .text(error.reason, status: error.status)
        }
    }

    private static func accepted(_ side: String, _ count: Int) -> ServerResponse {
        .text("\(count)", headerFields: [readBy: side])
    }

    // A constant of letters and dashes is always a field name.
    private static let readBy = HTTPField.Name("X-Read")!
}
