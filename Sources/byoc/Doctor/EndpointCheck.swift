import FastCGI
import Foundation
import Glibc
import HTTPTypes
import Outbound
import RelayCore

/// Checks that requests from outside reach the workers: the socket, the web server, its certificate.
struct EndpointCheck {
    let settings: Settings
    let proof: EndpointProof
    let http: any HTTPSender

    func socket() async -> [Finding] {
        let path = settings.socket
        guard !path.isEmpty else {
            return [
                Finding.unknown(
                    "Socket", "BYOC_SOCKET isn't set here",
                    do: "Run with the workers' settings: --env-file /etc/byoc/env")
            ]
        }
        guard path.hasPrefix("/") else {
            return [Finding.unknown("Socket", "\(path) isn't a path. The check of the public URL covers it")]
                + exposure()
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            return [
                Finding(
                    .error, "Socket", "\(path) doesn't exist", why: "The web server reaches no worker.",
                    do: "Start byoc serve (systemctl start byoc), or set BYOC_SOCKET to the path where it listens.")
            ]
        }
        let found: Finding
        do {
            found = try await proof.withNumber { path, answer in
                do {
                    let text = try FastCGIProbe.get(path, from: settings.socket)
                    return text.contains(answer)
                        ? Finding(.ok, "Socket", "\(settings.socket) responds and uses this data folder")
                        : Finding(
                            .error, "Socket", "the workers at \(settings.socket) use another data folder",
                            why: "They don't know this folder's installations.",
                            do: "Use the same BYOC_DATA_DIR and BYOC_SECRET_KEY for the workers and this command.")
                } catch {
                    return Finding(
                        .error, "Socket", "\(settings.socket): \(error)",
                        why: "The web server gets no response either.",
                        do: "Check that byoc serve is running, and its log: journalctl -u byoc")
                }
            }
        } catch {
            return [Finding.unknown("Socket", "\(error)")]
        }
        guard status.st_mode & 0o060 == 0o060 || status.st_mode & 0o006 == 0o006 else {
            return [
                found,
                Finding(
                    .warning, "Socket",
                    "only its owner can connect (mode 0\(String(status.st_mode & 0o777, radix: 8)))",
                    why: "nginx answers 502 unless it runs as the same user.",
                    do: "Set BYOC_SOCKET_MODE=0660 and add nginx's user to the socket's group."),
            ]
        }
        return [found]
    }

    /// Checks who can reach a port without the web server in between.
    private func exposure() -> [Finding] {
        guard case .tcp(let host, _)? = try? ListeningAddress(settings.socket) else { return [] }
        guard host.isLoopbackHost else {
            return Self.cautions(about: settings.socket).map {
                Finding(.warning, "Socket", $0.problem, why: $0.reason, do: $0.remedy)
            }
        }
        return [Finding(.ok, "Socket", "\(settings.socket), reachable only from this machine, by all of its users")]
    }

    /// A FastCGI port trusts the client address and everything else that a connection sends.
    static func cautions(about socket: String) -> [Settings.Caution] {
        guard case .tcp(let host, _)? = try? ListeningAddress(socket), !host.isLoopbackHost else { return [] }
        return [
            Settings.Caution(
                problem: "BYOC_SOCKET is \(socket), which other machines can reach without the web server",
                reason:
                    "They can forge client addresses, and reach /admin and /metrics, which the web server restricts.",
                remedy:
                    "Set BYOC_SOCKET to a path or to 127.0.0.1:PORT, or let only the web server through the firewall."
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
                    .error, "Public URL", "\(settings.baseURL) doesn't use https",
                    why: "Viber calls only https URLs.",
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
        let loss = "Webhooks from channels and Freshchat don't arrive."
        guard let request = HTTPRequest(.get, url: url) else { return .unknown("Public URL", "\(base) isn't a URL") }
        do {
            let reply = try await http.send(request, body: [], timeout: .seconds(10))
            let text = reply.excerpt(200).trimmingCharacters(in: .whitespacesAndNewlines)
            switch reply.status.code {
            case 200 where text == answer:
                return Finding(.ok, "Public URL", "\(base) reaches these workers")
            case 404 where text.contains("no such installation"):
                return Finding(
                    .error, "Public URL", "\(base) reaches a byoc with another data folder", why: loss,
                    do: "Use the same BYOC_DATA_DIR and BYOC_SECRET_KEY for the workers and this command.")
            case 502, 503, 504:
                return Finding(
                    .error, "Public URL",
                    "\(base) responds with HTTP \(reply.status.code): its web server reaches no worker",
                    why: loss, do: "Start byoc serve, and compare nginx's fastcgi_pass with BYOC_SOCKET.")
            case 300..<400:
                return Finding(
                    .error, "Public URL", "\(base) redirects to \(reply.headers[.location] ?? "elsewhere")",
                    why: "No channel follows redirects. " + loss, do: "Set BYOC_BASE_URL to the final URL.")
            default:
                return Finding(
                    .error, "Public URL", "\(base) responds, but isn't this byoc (HTTP \(reply.status.code))",
                    why: loss,
                    do: "Check that the name points to this machine and that nginx passes /hook/ to byoc; see "
                        + "nginx.conf.example.")
            }
        } catch {
            if !isTrusted { return .unknown("Public URL", "its certificate isn't valid") }
            return Finding(
                .error, "Public URL", "\(base) doesn't respond: \(error)", why: loss,
                do: "Check that nginx is running, that the name is in DNS, and that the port is open.")
        }
    }

    private func certificate(of host: String, port: Int) async -> Finding {
        let subject = "Certificate"
        let why = "Viber doesn't call a server with an invalid certificate."
        let renew =
            "Get a certificate from a public authority, and give nginx the whole chain: certbot --nginx -d \(host)"
        let report: CertificateReport
        do {
            report = try await CertificateProbe.probe(host, port: port, timeout: .seconds(10))
        } catch {
            return Finding(
                .error, subject, "\(host):\(port) presents no certificate: \(error)", why: why,
                do: "Check that nginx is running there, with ssl in its listen directive.")
        }
        let days = Int(clamping: (report.expires.timeIntervalSinceNow / 86_400).rounded(.down))
        let date = report.expires.formatted(.iso8601.year().month().day())
        if days < 0 { return Finding(.error, subject, "expired on \(date)", why: why, do: "certbot renew") }
        if report.isSelfSigned { return Finding(.error, subject, "self-signed", why: why, do: renew) }
        do {
            guard let request = HTTPRequest(.head, url: "https://\(host):\(port)/") else {
                return .unknown(subject, "\(host) isn't a host name")
            }
            _ = try await http.send(request, body: [], timeout: .seconds(10))
        } catch {
            return Finding(
                .error, subject,
                "not valid for \(host): another name, an unknown authority, or an incomplete chain "
                    + "(\(Terminal.count(report.count, "certificate", "certificates")) in the chain; \(error))",
                why: why, do: renew)
        }
        if days < 14 {
            return Finding(
                .warning, subject, "expires on \(date), in \(Terminal.count(days, "day", "days"))",
                why: "Viber won't call the server after that.",
                do: "certbot renew, and make sure that it runs automatically")
        }
        return Finding(
            .ok, subject,
            "valid until \(date), \(days) days; \(Terminal.count(report.count, "certificate", "certificates")) in the chain"
        )
    }
}
