import CFastCGI
import Glibc
package import Logging

/// Answers one request as a CGI program (RFC 3875): variables in the environment, body on descriptor 0, response on 1.
package enum PlainCGI {
    /// Whether a web server has started this process for one request.
    ///
    /// libfcgi tells CGI from FastCGI by descriptor 0 alone, and mistakes a shell for CGI; `GATEWAY_INTERFACE` or
    /// `REQUEST_METHOD` tells those two apart.
    package static var isCGI: Bool {
        guard LibFCGI.isReady, FCGX_IsCGI() != 0 else { return false }
        return getenv("GATEWAY_INTERFACE") != nil || getenv("REQUEST_METHOD") != nil
    }

    /// Answers the request that this process was started for, and releases the web server.
    ///
    /// When it returns, descriptors 0, 1 and 2 are on `/dev/null`: the web server has seen the end of the answer, and
    /// the process may continue. Servers wait for the end of the error output too (fcgiwrap does), so what is logged from
    /// then on needs a file. Apache's mod_cgi kills the process a few seconds after the answer; work that must outlive
    /// it belongs into a process with a session of its own.
    ///
    /// - Returns: whether the web server took the whole answer.
    @discardableResult
    package static func respond(
        configuration: ResponderConfiguration = ResponderConfiguration(),
        logger: Logger,
        handler: @Sendable @escaping (ServerRequest) throws -> ServerResponse
    ) -> Bool {
        signal(SIGPIPE, SIG_IGN)
        let exchange = Exchange(configuration: configuration, logger: logger, handler: handler)
        let parameters = RequestParameters(UnsafePointer(environ))
        let isTaken = respond(exchange, parameters, input: STDIN_FILENO, output: STDOUT_FILENO)
        letGo(of: [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO])
        return isTaken
    }

    /// The same with all dependencies as parameters.
    static func respond(_ exchange: Exchange, _ parameters: RequestParameters, input: Int32, output: Int32) -> Bool {
        var body = DescriptorBody(descriptor: input)
        return send(exchange.answer(parameters, body: &body).bytes, to: output)
    }

    /// Puts descriptors on `/dev/null`. They are not closed: the next file opened would get their numbers.
    static func letGo(of descriptors: [Int32]) {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        for descriptor in descriptors {
            if null < 0 { close(descriptor) } else { dup2(null, descriptor) }
        }
        if null > STDERR_FILENO { close(null) }
    }

    private static func send(_ bytes: [UInt8], to output: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = write(output, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }
}

/// The body of a CGI request: exactly `CONTENT_LENGTH` bytes, behind which there need be no end (RFC 3875 §4.2).
struct DescriptorBody: BodySource {
    let descriptor: Int32
    let hasEnd = false
    private(set) var endedWell = true

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = Glibc.read(descriptor, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 {
                endedWell = count == 0
                break
            }
            filled += count
        }
        return filled
    }
}
