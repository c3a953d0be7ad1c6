import HTTPTypes
import Logging

/// From the variables and the body of a request to the bytes of its answer: the same for FastCGI and CGI.
struct Exchange: Sendable {
    let configuration: ResponderConfiguration
    let logger: Logger
    let handler: @Sendable (ServerRequest) throws -> ServerResponse

    /// The bytes to send.
    struct Answer {
        var bytes: [UInt8]
        var requestID: String
        /// Whether the request was read to its end, so that the connection can carry another.
        var isComplete: Bool
    }

    func answer(_ parameters: RequestParameters, body source: inout some BodySource) -> Answer {
        let id = parameters.requestID()
        let reader = RequestBody(limit: configuration.bodyLimit, discardLimit: configuration.discardLimit)
        var declared: Int?
        do throws(RequestProblem) {
            declared = try parameters.contentLength()
            var request = try parameters.request(id: id)
            request.body = try reader.read(declared: declared, from: &source)
            return rendered(respond(to: request), to: parameters, id: id, isComplete: true)
        } catch {
            let isComplete = reader.discard(declared: declared, from: &source)
            logger.info(
                "request rejected before its handler",
                metadata: [
                    "request.id": "\(id)", "response.status": "\(error.status.code)", "reason": "\(error.message)",
                ]
            )
            let response = ServerResponse.problem(error.status, message: error.message, requestID: id)
            return rendered(response, to: parameters, id: id, isComplete: isComplete)
        }
    }

    /// The path stays out of the log: a target URL has its secret in it.
    private func respond(to request: ServerRequest) -> ServerResponse {
        do {
            let response = try handler(request)
            // 1xx is no final answer (RFC 9110 §15.2), and below it is nothing at all.
            if response.head.status.code >= 200 { return response }
            logger.error(
                "handler returned a non-final status",
                metadata: ["request.id": "\(request.id)", "response.status": "\(response.head.status.code)"]
            )
        } catch {
            logger.error(
                "handler failed",
                metadata: [
                    "request.id": "\(request.id)", "request.method": "\(request.head.method)",
                    "error.type": "\(type(of: error))", "error.message": "\(error)",
                ]
            )
        }
        return .problem(
            .internalServerError, message: "Internal error. The log has the details under this request id.",
            requestID: request.id
        )
    }

    private func rendered(
        _ response: ServerResponse, to parameters: RequestParameters, id: String, isComplete: Bool
    ) -> Answer {
        Answer(
            bytes: response.bytes(method: parameters.method, requestID: id), requestID: id, isComplete: isComplete)
    }
}
