import Console
import FastCGI
import Foundation
import HTTPTypes
import Logging
import Relay
import RelayCore
import ServiceLifecycle

/// Between the responder, which knows nothing of messaging, and intake and pages, which know nothing of FastCGI.
struct Front: Sendable {
    let intake: Intake
    let console: ConsoleFront
    let proof: EndpointProof
    let prefix: String

    /// - Parameters:
    ///   - proof: answers the doctor's check that a request arrives here.
    ///   - baseURL: its path is removed from the paths of requests.
    init(intake: Intake, console: ConsoleFront, proof: EndpointProof, baseURL: String) {
        self.intake = intake
        self.console = console
        self.proof = proof
        prefix = URLComponents(string: baseURL)?.percentEncodedPath ?? ""
    }

    @Sendable func respond(to request: ServerRequest) -> ServerResponse {
        let (path, query) = Self.split(request.head.path ?? "/")
        let own = WebhookRequest(
            method: request.head.method,
            path: Self.ownPath(path, prefix: prefix, scriptName: request.scriptName, pathInfo: request.pathInfo),
            query: query, headers: request.head.headerFields, body: request.body,
            remoteAddress: request.remoteAddress, id: request.id, receivedAt: Date())
        let response =
            if let answer = proof.answer(to: own.path) {
                WebhookResponse.text(.ok, answer)
            } else if Console.isOwn(own.path) {
                console.respond(to: own)
            } else {
                intake.respond(to: own)
            }
        return ServerResponse(
            head: HTTPResponse(status: response.status, headerFields: response.headers), body: response.body)
    }

    /// The path below our own prefix. Servers pass it in three ways: as `PATH_INFO` (CGI, mod_fcgid), after the script's
    /// name, or only as a part of the URL (nginx), where the public base URL says what to remove.
    static func ownPath(_ path: String, prefix: String, scriptName: String, pathInfo: String) -> String {
        if pathInfo.utf8.count > 1, pathInfo.utf8.first == slash { return pathInfo }
        return rest(of: path, below: prefix) ?? rest(of: path, below: scriptName) ?? path
    }

    private static func rest(of path: String, below folder: String) -> String? {
        guard !folder.isEmpty, path.utf8.starts(with: folder.utf8) else { return nil }
        let rest = path.utf8.dropFirst(folder.utf8.count)
        return rest.first == slash ? String(Substring(rest)) : nil
    }

    static func split(_ target: String) -> (path: String, query: String) {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (target, "") }
        return (String(target[..<mark]), String(target[target.utf8.index(after: mark)...]))
    }

    private static let slash = UInt8(ascii: "/")
}

/// The front half's life within the service group.
struct FrontService: Service {
    let responder: FastCGIResponder
    let drainTime: Duration
    let logger: Logger
    /// Called when requests are accepted.
    let onReady: @Sendable () -> Void

    func run() async throws {
        try responder.start()
        onReady()
        try await gracefulShutdown()
        if await !responder.drain(within: drainTime) {
            logger.warning("drain timeout exceeded with requests in flight")
        }
    }
}
