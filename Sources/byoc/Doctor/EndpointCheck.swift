import FastCGI
import Foundation
import Glibc
import HTTPTypes
import Outbound
import RelayCore

/// Whether requests from outside get to the workers: the socket, the web server in front, its certificate.
struct EndpointCheck {
    let settings: Settings
    let proof: EndpointProof
    let http: any HTTPSender

    func socket() async -> [Finding] {
        let path = settings.socket
        guard !path.isEmpty else {
            return [Finding.unknown("Socket", "BYOC_SOCKET isn't set here", do: "Give the settings of the workers.")]
        }
        guard path.hasPrefix("/") else {
            return [Finding.unknown("Socket", "\(path) is no path; the public URL below tells whether it answers")]
                + exposure()
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            return [
                Finding(
                    .error, "Socket", "there is no socket \(path)", why: "The web server reaches no worker.",
                    do: "Start byoc serve (systemctl start byoc), or set BYOC_SOCKET to where it listens.")
            ]
        }
        let found: Finding
        do {
            found = try await proof.withNumber { path, answer in
                do {
                    let text = try FastCGIProbe.get(path, from: settings.socket)
                    return text.contains(answer)
                        ? Finding(.ok, "Socket", "\(settings.socket) answers, with this data folder")
                        : Finding(
                            .error, "Socket", "who answers at \(settings.socket) uses another data folder",
                            why: "It doesn't know the installations of this one.",
                            do: "Give the workers and this command the same BYOC_DATA_DIR and BYOC_SECRET_KEY.")
                } catch {
                    return Finding(
                        .error, "Socket", "\(settings.socket): \(error)", why: "The web server gets no answer either.",
                        do: "Is byoc serve running? See its log: journalctl -u byoc")
                }
            }
        } catch {
            return [Finding.unknown("Socket", "\(error)")]
        }
        guard status.st_mode & 0o060 == 0o060 || status.st_mode & 0o006 == 0o006 else {
            return [
                found,
                Finding(
                    .warning, "Socket", "mode 0\(String(status.st_mode & 0o777, radix: 8)) lets only its owner connect",
                    why: "nginx answers 502 unless it runs as the same user.",
                    do: "Set BYOC_SOCKET_MODE=0660 and put nginx's user into the socket's group."),
            ]
        }
        return [found]
    }

    /// Who can reach a port without the web server in between.
    private func exposure() -> [Finding] {
        guard case .tcp(let host, _)? = try? ListeningAddress(settings.socket) else { return [] }
        guard host.isLoopbackHost else {
            return Self.cautions(about: settings.socket).map {
                Finding(.warning, "Socket", $0.problem, why: $0.reason, do: $0.remedy)
            }
        }
        return [Finding(.ok, "Socket", "\(settings.socket) can be reached from this machine only, by all of its users")]
    }

    /// A FastCGI port takes the client's address and everything else from whoever connects.
    static func cautions(about socket: String) -> [Settings.Caution] {
        guard case .tcp(let host, _)? = try? ListeningAddress(socket), !host.isLoopbackHost else { return [] }
        return [
            Settings.Caution(
                problem: "BYOC_SOCKET is \(socket): other machines can reach it without the web server in between",
                reason: "Whoever does can pretend to be any client, and sees /admin and /metrics, which the web server "
                    + "keeps from others.",
                remedy:
                    "Set BYOC_SOCKET to a socket's path or to 127.0.0.1:PORT, or let a firewall pass the web server only."
            )
        ]
    }

    func publicURL() async -> [Finding] {
        guard let parts = URLComponents(string: settings.baseURL), let host = parts.host, !host.isEmpty else {
            return []
        }
        let isSecure = parts.scheme?.lowercased() == "https"
        var findings: [Finding] = []
        if isSecure {
            findings.append(await certificate(of: host, port: parts.port ?? 443))
        } else if !host.isLoopbackHost {
            findings.append(
                Finding(
                    .error, "Public URL", "\(settings.baseURL) is without TLS",
                    why: "Viber calls only https addresses.",
                    do: "Get a certificate (certbot), and set BYOC_BASE_URL to https://\(host)"))
        }
        do {
            let found = try await proof.withNumber { path, answer in
                await ask(
                    settings.baseURL + path, expecting: answer, isTrusted: findings.allSatisfy { $0.severity == .ok })
            }
            findings.append(found)
        } catch {
            findings.append(.unknown("Public URL", "\(error)"))
        }
        return findings
    }

    private func ask(_ url: String, expecting answer: String, isTrusted: Bool) async -> Finding {
        let base = settings.baseURL
        let loss = "What the channels send to it is lost."
        guard let request = HTTPRequest(.get, url: url) else { return .unknown("Public URL", "\(base) is no URL") }
        do {
            let reply = try await http.send(request, body: [], timeout: .seconds(10))
            let text = reply.excerpt(200).trimmingCharacters(in: .whitespacesAndNewlines)
            switch reply.status.code {
            case 200 where text == answer:
                return Finding(.ok, "Public URL", "\(base) leads to these workers")
            case 404 where text.contains("no such installation"):
                return Finding(
                    .error, "Public URL", "\(base) leads to a byoc with another data folder", why: loss,
                    do: "Give the workers and this command the same BYOC_DATA_DIR and BYOC_SECRET_KEY.")
            case 502, 503, 504:
                return Finding(
                    .error, "Public URL", "\(base) answers HTTP \(reply.status.code): its web server reaches no worker",
                    why: loss, do: "Start byoc serve, and compare nginx's fastcgi_pass with BYOC_SOCKET.")
            case 300..<400:
                return Finding(
                    .error, "Public URL", "\(base) redirects to \(reply.headers[.location] ?? "elsewhere")",
                    why: "No channel follows a redirect. " + loss, do: "Set BYOC_BASE_URL to the address itself.")
            default:
                return Finding(
                    .error, "Public URL", "\(base) answers, but isn't this byoc (HTTP \(reply.status.code))", why: loss,
                    do: "Does the name lead to this machine, and does nginx pass /hook/ on? See nginx.conf.example.")
            }
        } catch {
            if !isTrusted { return .unknown("Public URL", "with that certificate nothing is sent there") }
            return Finding(
                .error, "Public URL", "\(base) gives no answer: \(error)", why: loss,
                do: "Is nginx running, the name in the DNS, and port 443 open?")
        }
    }

    private func certificate(of host: String, port: Int) async -> Finding {
        let subject = "Certificate"
        let why = "Viber refuses to send anything to such a server."
        let renew = "Get one from a public authority and give nginx the whole chain: certbot --nginx -d \(host)"
        let report: CertificateReport
        do {
            report = try await CertificateProbe.look(at: host, port: port, timeout: .seconds(10))
        } catch {
            return Finding(
                .error, subject, "\(host):\(port) shows none: \(error)", why: why,
                do: "Is nginx running there, with ssl in its listen line?")
        }
        let days = Int(clamping: (report.expires.timeIntervalSinceNow / 86_400).rounded(.down))
        let date = report.expires.formatted(.iso8601.year().month().day())
        if days < 0 { return Finding(.error, subject, "it expired on \(date)", why: why, do: "certbot renew") }
        if report.isSelfSigned { return Finding(.error, subject, "it is self-signed", why: why, do: renew) }
        do {
            guard let request = HTTPRequest(.head, url: "https://\(host):\(port)/") else {
                return .unknown(subject, "\(host) is no name")
            }
            _ = try await http.send(request, body: [], timeout: .seconds(10))
        } catch {
            return Finding(
                .error, subject,
                "it isn't accepted: another name, another authority, or an incomplete chain "
                    + "(\(report.count) sent; \(error))",
                why: why, do: renew)
        }
        if days < 14 {
            return Finding(
                .warning, subject, "it expires on \(date), in \(days) days", why: "Then " + why.lowercased(),
                do: "certbot renew, and see to it that it runs by itself")
        }
        return Finding(.ok, subject, "good until \(date), \(days) days; \(report.count) in the chain")
    }
}
