package import FoundationEssentials
import NIOCore
import NIOPosix
import NIOSSL

/// The certificates that a server shows, whether they are right or not.
package struct CertificateReport: Sendable {
    /// How many were sent.
    package var count: Int
    package var expires: Date
    /// The server's own certificate is signed by itself.
    package var isSelfSigned: Bool
}

/// Looks at a server's certificates without trusting them, and sends nothing.
package enum CertificateProbe {
    /// - Parameters:
    ///   - port: from 1 to 65535.
    ///   - timeout: for everything, from looking up the name to the server's certificates.
    /// - Throws: when none came. The connection is closed in any case.
    package static func probe(_ host: String, port: Int, timeout: Duration) async throws -> CertificateReport {
        guard (1...65_535).contains(port) else { throw UnusablePort(port: port) }
        let group = MultiThreadedEventLoopGroup.singleton
        let loop = group.next()
        let promise = loop.makePromise(of: CertificateReport.self)
        let context = try NIOSSLContext(configuration: .makeClientConfiguration())
        let isAddress = (try? SocketAddress(ipAddress: host, port: port)) != nil
        let limit = loop.scheduleTask(in: TimeAmount(timeout)) { promise.fail(ChannelError.connectTimeout(.zero)) }
        ClientBootstrap(group: loop).connectTimeout(TimeAmount(timeout))
            .channelInitializer { channel in
                // Whatever ends the look ends the connection: a server that says nothing would keep it open for ever.
                promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
                return channel.eventLoop.makeCompletedFuture {
                    let handler = try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host) {
                        certificates, verdict in
                        if let report = CertificateReport(certificates) { promise.succeed(report) }
                        verdict.succeed(NIOSSLVerificationResult.failed)
                    }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: host, port: port)
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    channel.closeFuture.whenComplete { _ in promise.fail(ChannelError.eof) }
                case .failure(let error): promise.fail(error)
                }
            }
        defer { limit.cancel() }
        return try await promise.futureResult.get()
    }
}

/// A port that no socket's address can hold; NIO traps on it.
struct UnusablePort: Error, CustomStringConvertible {
    var port: Int

    var description: String { "the port \(port) isn't from 1 to 65535" }
}

extension CertificateReport {
    fileprivate init?(_ certificates: [NIOSSLCertificate]) {
        guard let own = certificates.first else { return nil }
        count = certificates.count
        expires = Date(timeIntervalSince1970: TimeInterval(own.notValidAfter))
        let names = (try? own.toDERBytes()).flatMap(Self.names)
        isSelfSigned = names.map { $0.issuer == $0.subject } ?? false
    }

    /// Issuer and subject, as they are encoded (RFC 5280 §4.1).
    private static func names(of certificate: [UInt8]) -> (issuer: ArraySlice<UInt8>, subject: ArraySlice<UInt8>)? {
        guard let whole = element(certificate[...]), let body = element(whole.content) else { return nil }
        var fields: [(tag: UInt8, whole: ArraySlice<UInt8>)] = []
        var rest = body.content
        while fields.count < 7, let next = element(rest) {
            fields.append((next.tag, rest[..<next.end]))
            rest = rest[next.end...]
        }
        // The version may be left out, and has a tag of its own.
        if fields.first?.tag == 0xa0 { fields.removeFirst() }
        guard fields.count >= 5 else { return nil }
        return (fields[2].whole, fields[4].whole)
    }

    /// The element of DER at the beginning.
    private static func element(
        _ bytes: ArraySlice<UInt8>
    ) -> (tag: UInt8, content: ArraySlice<UInt8>, end: Int)? {
        guard bytes.count >= 2 else { return nil }
        let start = bytes.startIndex
        var length = Int(bytes[start + 1])
        var content = start + 2
        if length & 0x80 != 0 {
            let digits = length & 0x7f
            guard (1...4).contains(digits), bytes.endIndex - content >= digits else { return nil }
            length = bytes[content..<content + digits].reduce(0) { $0 << 8 | Int($1) }
            content += digits
        }
        guard bytes.endIndex - content >= length else { return nil }
        return (bytes[start], bytes[content..<content + length], content + length)
    }
}
