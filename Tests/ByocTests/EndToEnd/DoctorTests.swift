import Foundation
import HTTPTypes
import RelayCore
import RelayTesting
import Simulators
import Testing

@testable import byoc

extension EndToEnd {
    @Suite("byoc doctor")
    struct Doctors {
        @Test("Where all is well it says so, the way through nginx and the socket proven, and ends with 0")
        func well() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let report = try await stack.doctor()
                #expect(report.status == 0, "\(report.findings)")
                for subject in ["Settings", "Data folder", "Disk", "Socket", "Public URL", "Viber webhook", "Topic"] {
                    #expect(report[subject]?.severity == "ok", "\(subject): \(report.findings)")
                }
                let text = try await stack.run(["doctor"], environment: ["BYOC_SOCKET": stack.socket])
                #expect(text.output.hasSuffix("0 errors, 0 warnings\n"), "\(text)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: stack.dataFolder + "/proof") == [])
                #expect(text.status == 0)
                let unknown = try await stack.get("/hook/proof-" + String(repeating: "0", count: 32))
                #expect(unknown.status == 404, "only numbers of the folder are answered")
            }
        }

        @Test("A data folder that others can look into, and one that isn't there, are errors")
        func folder() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                chmod(stack.dataFolder, 0o755)
                let open = try await stack.doctor()
                #expect(open.status == 2)
                #expect(open["Data folder"]?.problem.contains("0755") == true, "\(open.findings)")
                #expect(open["Data folder"]?.remedy == "chmod 700 \(stack.dataFolder)")
                chmod(stack.dataFolder, 0o700)
                chmod(stack.dataFolder + "/secret.key", 0o644)
                let key = try await stack.doctor()
                #expect(
                    key.status == 2
                        && key.findings.contains { $0.severity != "ok" && $0.problem.contains("secret.key") })
                let none = try await stack.doctor(["BYOC_DATA_DIR": stack.folder + "/nowhere"])
                #expect(none.status == 2)
                #expect(!FileManager.default.fileExists(atPath: stack.folder + "/nowhere"), "it makes nothing")
            }
        }

        @Test("Warnings alone end with 3, and a failure of the doctor itself with 1")
        func exitCodes() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let failed = try await stack.run("doctor", "nobody")
                #expect(failed.status == 1 && failed.errors.contains("no installation “nobody”"), "\(failed)")
                let copy = stack.dataFolder + "/copy.sqlite"
                try "".write(toFile: copy, atomically: false, encoding: .utf8)
                chmod(copy, 0o644)
                let warned = try await stack.doctor()
                #expect(warned.status == 3, "\(warned.findings)")
                #expect(warned["Keys and backups"]?.severity == "warning")
                #expect(warned.findings.allSatisfy { $0.severity != "error" }, "\(warned.findings)")
            }
        }

        @Test("A public URL that leads elsewhere or nowhere, and workers that don't run, are told apart")
        func endpoint() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let elsewhere = try await stack.doctor(["BYOC_BASE_URL": stack.about.viber.url])
                #expect(elsewhere.status == 2)
                #expect(elsewhere["Public URL"]?.problem.contains("isn't this byoc") == true, "\(elsewhere.findings)")
                #expect(elsewhere["Viber webhook"]?.problem.contains("calls another URL") == true)
                let other = try await stack.doctor(["BYOC_DATA_DIR": try await stack.otherStore()])
                #expect(other["Public URL"]?.problem.contains("another data folder") == true, "\(other.findings)")
                let closed = try NginxConfiguration.freePort()
                let nowhere = try await stack.doctor(["BYOC_BASE_URL": "http://127.0.0.1:\(closed)"])
                #expect(nowhere["Public URL"]?.problem.contains("doesn't respond") == true, "\(nowhere.findings)")
                try await stack.stopServing()
                let stopped = try await stack.doctor()
                #expect(stopped.status == 2)
                #expect(stopped["Public URL"]?.problem.contains("reaches no worker") == true, "\(stopped.findings)")
                #expect(stopped["Socket"]?.severity == "error")
            }
        }

        @Test("A certificate that is self-signed and one that has expired are errors", arguments: [10, -1])
        func certificates(days: Int) async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let made = try ChildProcess(
                    "/bin/sh",
                    [
                        "-c",
                        """
                        openssl req -newkey rsa:2048 -nodes -keyout tls.key -subj /CN=localhost -out tls.csr &&
                        openssl x509 -req -in tls.csr -signkey tls.key -days \(days) -out tls.pem
                        """,
                    ], environment: ["PATH": "/usr/bin:/bin", "HOME": stack.folder], directory: stack.folder,
                    output: "\(stack.folder)/openssl.log", errors: "\(stack.folder)/openssl.log")
                #expect(await made.wait(timeout: patience) == 0)
                let files = "ssl_certificate \(stack.folder)/tls.pem; ssl_certificate_key \(stack.folder)/tls.key;"
                let port = { @Sendable (line: Substring) -> String in
                    line.hasPrefix("listen 127.0.0.1:") ? String(line).replacing(";", with: " ssl;") : String(line)
                }
                let secure = { @Sendable (text: String) -> String in
                    text.replacing("keepalive_requests", with: "\(files)\nkeepalive_requests")
                        .split(separator: "\n").map(port).joined(separator: "\n")
                }
                try await stack.withNginx("tls", socket: stack.socket, secure) { url in
                    let report = try await stack.doctor([
                        "BYOC_BASE_URL": url.replacing("http://127.0.0.1", with: "https://localhost")
                    ])
                    #expect(report.status == 2)
                    let words = days > 0 ? "self-signed" : "expired"
                    #expect(report["Certificate"]?.problem.contains(words) == true, "\(report.findings)")
                    #expect(report["Public URL"]?.severity == "warning", "not proven, and it says so")
                }
            }
        }

        @Test("A token that either side refuses is told with what mends it")
        func tokens() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                stack.viber.replaceToken(with: "another")
                stack.freshchat.replaceToken(with: "another")
                let report = try await stack.doctor()
                #expect(report.status == 2)
                for subject in ["Viber account", "Freshchat account"] {
                    #expect(report[subject]?.severity == "error", "\(report.findings)")
                    #expect(report[subject]?.remedy.isEmpty == false)
                    #expect(report[subject]?.installation == installed.id)
                }
                for secret in [stack.about.viber.token, stack.about.freshchat.token] {
                    #expect(!report.output.contains(secret))
                }
            }
        }
    }

    @Suite("The doctor without settings")
    struct DoctorsSettings {
        @Test("It names the settings file that this user can't read, and the whole path of the folder it looked at")
        func unreadable() async throws {
            var settings = Settings()
            settings.unreadFile = "/etc/byoc/env"
            settings.dataDirectory = "no-such-folder"
            let doctor = Doctor(settings: settings) { throw CommandFailure("it must not open anything") }
            let findings = await doctor.examine(nil)
            let unread = try #require(findings.first { $0.subject == "Settings" })
            #expect(unread.severity == .error && unread.problem.contains("/etc/byoc/env"))
            #expect(unread.remedy.contains("sudo -u byoc"))
            let folder = try #require(findings.first { $0.subject == "Data folder" })
            #expect(folder.problem.contains("\(FileManager.default.currentDirectoryPath)/no-such-folder"))
        }
    }

    @Suite("The doctor's check of Freshchat's webhook")
    struct DoctorsWebhook {
        private let now = Date(timeIntervalSince1970: 1_790_000_000)

        private func finding(
            hasKey: Bool = true, failures: Int64 = 0, _ change: (inout HelpdeskSigns) -> Void
        ) -> Finding {
            let installation = Installation(
                id: "viber-1", channel: ChannelAccount(kind: "viber"),
                helpdesk: HelpdeskAccount(
                    baseURL: "https://acme.freshchat.com/v2", token: Secret("t"), webhookPublicKey: hasKey ? "KEY" : ""),
                topic: "topic-1", name: "Shop", createdAt: now)
            var metrics = StoreMetrics()
            change(&metrics.helpdesk["viber-1", default: .init()])
            metrics.signatures[Flow("viber-1", .outbound), default: .init()].ascii = failures
            return WebhookSilenceCheck(installation: installation, metrics: metrics, now: now).finding()
        }

        @Test("While webhooks come, or nothing shows that they don't, all is well")
        func heard() {
            #expect(finding { _ in }.problem == "none received yet")
            let heard = finding { $0.lastHeard = Date().addingTimeInterval(-600) }
            #expect(heard.severity == .ok && heard.problem == "last received 10 min ago")
        }

        @Test("Silence is an error whose fix fits its cause")
        func silent() {
            let found = now.addingTimeInterval(-300)
            let cases: [(Finding, String, String)] = [
                (finding(hasKey: false) { $0.lastFound = found }, "no public key", "byoc set-key viber-1"),
                (finding(failures: 2) { $0.lastFound = found }, "wrong signature", "byoc set-key viber-1"),
                (finding { $0.lastFound = found }, "none has ever arrived", "byoc show viber-1"),
                (
                    finding {
                        $0.lastFound = found
                        $0.lastHeard = found.addingTimeInterval(-60)
                    }, "none has arrived for", "byoc show viber-1"
                ),
            ]
            for (finding, problem, remedy) in cases {
                #expect(finding.severity == .error && finding.installation == "viber-1")
                #expect(finding.problem.contains(problem), "\(finding)")
                #expect(finding.remedy.contains(remedy), "\(finding)")
                #expect(finding.reason == "Replies are found only by polling, minutes late.")
            }
        }
    }

    @Suite("The doctor's clock")
    struct DoctorsClock {
        @Test("A clock that is off is told by the Date headers; one that is right passes", arguments: [0.0, 120, 3600])
        func clock(offset: Double) async throws {
            let format = DateFormatter()
            format.locale = Locale(identifier: "en_US_POSIX")
            format.timeZone = TimeZone(secondsFromGMT: 0)
            format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
            let date = format.string(from: Date().addingTimeInterval(offset))
            let sender = ClockWatchingSender(
                RecordingSender(replies: [HTTPReply(status: .ok, headers: [.date: date])]))
            let request = try #require(HTTPRequest(.get, url: "https://far.example.com/"))
            _ = try await sender.send(request, body: [], timeout: .seconds(1))
            let finding = try #require(sender.findings().first)
            #expect(finding.severity == (offset == 0 ? .ok : offset < 300 ? .warning : .error))
            if offset > 0 { #expect(finding.problem.contains("behind far.example.com")) }
        }
    }
}

/// What `byoc doctor --json` said.
struct DoctorReport: Sendable {
    struct Line: Decodable, Sendable {
        var severity: String
        var subject: String
        var installation: String?
        var problem: String
        var reason: String
        var remedy: String
    }

    var status: Int32
    var output: String
    var findings: [Line]

    subscript(subject: String) -> Line? { findings.first { $0.subject == subject } }
}

extension ByocStack {
    func doctor(_ environment: [String: String] = [:]) async throws -> DoctorReport {
        let result = try await run(
            ["doctor", "--json"], environment: ["BYOC_SOCKET": socket].merging(environment) { $1 })
        let findings = try JSONDecoder().decode([DoctorReport.Line].self, from: Data(result.output.utf8))
        return DoctorReport(status: result.status, output: result.output, findings: findings)
    }

    /// Another data folder, with a store in it.
    fileprivate func otherStore() async throws -> String {
        let path = folder + "/other"
        try await makeStore(in: path)
        return path
    }
}
