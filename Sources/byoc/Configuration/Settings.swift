import Channels
import Console
import FastCGI
import FoundationEssentials
import Freshchat
import Logging
import RelayCore

/// The configuration of one process.
struct Settings {
    var dataDirectory = "byoc-data"
    /// Empty: not set.
    var baseURL = ""
    /// `PATH` or `HOST:PORT`; empty: not set.
    var socket = ""
    var socketMode: UInt32 = 0o660
    var threads = 32
    /// `nil`: not said.
    var workers: Int?
    var relayConcurrency = 16
    var leaseTime: Duration = .seconds(120)
    var drainTime: Duration = .seconds(20)
    var cgiRelayTime: Duration = .seconds(10)
    var bodyLimit = 4 * 1024 * 1024
    var outboxLimit = 1_000_000
    var diskReserve: Int64 = 64 * 1024 * 1024
    var logLevel: Logger.Level = .info
    var logFormat: LogFormat = .auto
    /// `nil`: the standard error stream.
    var logFile: String?
    var secretKey: Secret?
    var adminPassword: AdminPassword?
    /// Which channel's installation the environment describes; `nil`: none.
    var channelKind: ChannelKind?
    /// What the environment says of each channel's fields, for installing and for the installation above.
    var channelAccounts: [ChannelKind: ChannelAccount] = [:]
    var desk = DeskSettings()
    var installationName: String?
    var doubtPolicy: Installation.DoubtPolicy = .resend
    var retention = RetentionAges()
    /// What is no mistake, but should be seen to: how the settings' file can be read by others, say.
    var cautions: [Caution] = []

    struct Caution: Hashable {
        var problem: String
        var reason: String
        var remedy: String
    }

    /// What the environment says of Freshchat.
    struct DeskSettings {
        var baseURL: String?
        var token: Secret?
        var topic: String?
        var webhookPublicKey: String?
        var resolvedPolicy: HelpdeskAccount.ResolvedPolicy = .reopen
        var forwardsSystemLines = false
        var textLimit = 4000
        /// Zero: conversations are not looked into.
        var pollInterval: Duration = .seconds(300)
        var pollCalls = 20
    }
}

enum LogFormat: String, CaseIterable {
    /// Text on a terminal, else JSON.
    case auto
    case text, json
}

extension Settings {
    /// Reads every key there is. The order is the one that `byoc config` shows.
    init(from reader: inout SettingsReader) {
        func text(_ text: String) -> String? { text }

        if let value = reader.read(
            "BYOC_DATA_DIR", "the folder of the data store; only byoc's user may read it", default: dataDirectory,
            expects: "a path", parse: text)
        {
            dataDirectory = value
        }
        if let value = reader.read(
            "BYOC_BASE_URL", "the public address that our URLs begin with, as channels and Freshchat reach it",
            expects:
                "a URL such as https://chat.example.com or https://example.com/byoc, with a port up to 65535 if any",
            parse: Self.publicURL)
        {
            baseURL = value
        }
        if let value = reader.read(
            "BYOC_SOCKET", "where FastCGI requests are taken: a socket's path, or HOST:PORT",
            expects: "a path, or HOST:PORT with a port up to 65535", parse: Self.listeningAddress)
        {
            socket = value
        }
        if let value = reader.read(
            "BYOC_SOCKET_MODE", "who may connect to the socket's path", default: "0660",
            expects: "an octal mode such as 0660", parse: { UInt32($0, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil } })
        {
            socketMode = value
        }
        if let value = reader.whole("BYOC_THREADS", "requests that one worker takes at the same moment", 32, 1...512) {
            threads = value
        }
        workers = reader.read(
            "BYOC_WORKERS", "worker processes to run and keep running (2, or 1 on an inherited socket)",
            expects: "a whole number from 1 to 256", parse: { Int($0).flatMap { (1...256).contains($0) ? $0 : nil } })
        if let value = reader.whole(
            "BYOC_RELAY_CONCURRENCY", "deliveries that one worker makes at the same moment; 0: none", 16, 0...1024)
        {
            relayConcurrency = value
        }
        if let value = reader.whole(
            "BYOC_LEASE_SECONDS", "how long a worker that lives but hangs keeps a conversation to itself", 120,
            30...3600)
        {
            leaseTime = .seconds(value)
        }
        if let value = reader.whole(
            "BYOC_DRAIN_SECONDS", "how long what is in hand may go on after SIGTERM", 20, 1...3600)
        {
            drainTime = .seconds(value)
        }
        if let value = reader.whole(
            "BYOC_CGI_RELAY_SECONDS", "under plain CGI: how long a request's process goes on relaying", 10, 0...3600)
        {
            cgiRelayTime = .seconds(value)
        }
        if let value = reader.read(
            "BYOC_BODY_LIMIT", "the longest request body in bytes", default: "4M",
            expects: "a number of bytes, or with K or M, up to 64M", parse: Self.byteCount)
        {
            bodyLimit = value
        }
        readRetention(&reader)
        readBackPressure(&reader)
        readLogging(&reader)
        readSecrets(&reader)
        readInstallation(&reader)
    }

    private mutating func readRetention(_ reader: inout SettingsReader) {
        if let value = reader.whole(
            "BYOC_KEEP_DELIVERED_DAYS", "for how many days what is delivered or discarded is kept, with its text", 30,
            0...36_500)
        {
            retention.delivered = .seconds(value * 86_400)
        }
        if let value = reader.whole(
            "BYOC_KEEP_ATTEMPTS_DAYS", "for how many days the attempts of what is delivered or discarded are kept", 14,
            0...36_500)
        {
            retention.attempts = .seconds(value * 86_400)
        }
        if let value = reader.whole(
            "BYOC_KEEP_DEDUPE_DAYS", "for how many days a repeated webhook is recognised", 60, 30...36_500)
        {
            retention.dedupe = .seconds(value * 86_400)
        }
    }

    private mutating func readLogging(_ reader: inout SettingsReader) {
        if let value = reader.read(
            "BYOC_LOG_LEVEL", "the least that is logged", default: "info",
            expects: "one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))",
            parse: { Logger.Level(rawValue: $0.lowercased()) })
        {
            logLevel = value
        }
        if let value = reader.read(
            "BYOC_LOG_FORMAT", "how it is logged; auto: text on a terminal, else JSON", default: "auto",
            expects: "auto, text or json", parse: { LogFormat(rawValue: $0.lowercased()) })
        {
            logFormat = value
        }
        logFile = reader.read(
            "BYOC_LOG_FILE", "a file to log to, as JSON, instead of the standard error stream; plain CGI needs one",
            expects: "a path", parse: { $0 })
    }

    private mutating func readSecrets(_ reader: inout SettingsReader) {
        secretKey = reader.read(
            "BYOC_SECRET_KEY",
            "encrypts the secrets in the store; without it, a key is made and kept in the data folder",
            isSecret: true, expects: "32 bytes in base64 or hex, as from: openssl rand -base64 32",
            parse: { Secret($0) })
        adminPassword = reader.read(
            "BYOC_ADMIN_PASSWORD",
            "signs in to the settings pages under /admin: the password, or what byoc hash-password makes of it",
            isSecret: true, expects: "at least \(AdminPassword.shortest) characters, or a whole hash",
            fault: { text in
                do throws(AdminPassword.Fault) {
                    _ = try AdminPassword(parsing: text)
                    return nil
                } catch {
                    return error.description
                }
            }, parse: { AdminPassword($0) })
    }

    private mutating func readInstallation(_ reader: inout SettingsReader) {
        let kinds = ChannelRegistry.all.map(\.descriptor.kind)
        channelKind = reader.read(
            "BYOC_CHANNEL", "makes an installation of this channel from the keys below, without byoc install",
            expects: "one of \(kinds.map(\.rawValue).joined(separator: ", "))",
            parse: { text in kinds.first { $0.rawValue == text.lowercased() } })
        installationName = reader.read(
            "BYOC_INSTALLATION_NAME", "what the installation is called", expects: "a name", parse: { $0 })
        if let value = reader.read(
            "BYOC_DOUBT_POLICY",
            "a reply of which it is unknown whether it was sent: resend it, or hold it for a person",
            default: "resend", expects: "resend or hold", parse: { Installation.DoubtPolicy(rawValue: $0) })
        {
            doubtPolicy = value
        }
        desk.baseURL = reader.read(
            "BYOC_FRESHCHAT_BASE_URL", "Freshchat's API, up to and including /v2",
            expects: "a URL such as https://api.freshchat.com/v2, with a port up to 65535 if any",
            parse: { try? FreshchatBaseURL(parsing: $0).text })
        desk.token = reader.read(
            "BYOC_FRESHCHAT_TOKEN", "Freshchat's API token", isSecret: true, expects: "the token without white space",
            parse: { $0.contains(where: \.isWhitespace) ? nil : Secret($0) })
        desk.topic = reader.read(
            "BYOC_FRESHCHAT_TOPIC", "the id of the topic that conversations go to (byoc install also takes its name)",
            expects: "an id",
            parse: { $0 })
        desk.webhookPublicKey = reader.read(
            "BYOC_FRESHCHAT_WEBHOOK_KEY", "the public key that Freshchat shows beside its webhook setting",
            expects: "the key as shown, line ends as \\n", parse: { $0 })
        if let value = reader.read(
            "BYOC_FRESHCHAT_RESOLVED_POLICY",
            "a customer writes into a resolved conversation: reopen it, or begin another",
            default: "reopen", expects: "reopen or new_conversation",
            parse: { HelpdeskAccount.ResolvedPolicy(rawValue: $0) })
        {
            desk.resolvedPolicy = value
        }
        if let value = reader.read(
            "BYOC_FRESHCHAT_FORWARD_SYSTEM", "whether Freshchat's own lines go to the customer", default: "no",
            expects: "yes or no", parse: { ["yes": true, "true": true, "no": false, "false": false][$0.lowercased()] })
        {
            desk.forwardsSystemLines = value
        }
        if let value = reader.whole(
            "BYOC_FRESHCHAT_TEXT_LIMIT", "the longest text of one Freshchat message", 4000, 100...100_000)
        {
            desk.textLimit = value
        }
        if let value = reader.whole(
            "BYOC_FRESHCHAT_POLL_SECONDS",
            "how long after a message its conversation is looked into for replies whose webhook was lost; 0: never",
            300,
            0...86_400)
        {
            desk.pollInterval = .seconds(value)
        }
        if let value = reader.whole(
            "BYOC_FRESHCHAT_POLL_CALLS", "the most calls a minute for that, for each installation", 20, 1...6000)
        {
            desk.pollCalls = value
        }
        for channel in ChannelRegistry.all {
            let descriptor = channel.descriptor
            var account = ChannelAccount(kind: descriptor.kind)
            for field in descriptor.fields {
                let value: String? = reader.read(
                    field.environmentKey(of: descriptor.kind), "\(descriptor.name): \(field.help)",
                    default: field.defaultValue, isSecret: field.isSecret, expects: field.label,
                    parse: { field.problem($0) == nil ? $0 : nil })
                guard let value else { continue }
                if field.isSecret {
                    account.secrets[field.key] = Secret(value)
                } else {
                    account.settings[field.key] = value
                }
            }
            channelAccounts[descriptor.kind] = account
        }
    }

    /// What is wrong with a path shows when it is listened on; what has none is read as it will be.
    private static func listeningAddress(_ text: String) -> String? {
        text.contains("/") || (try? ListeningAddress(text)) != nil ? text : nil
    }

    /// An absolute https URL; http only for a loopback address, as the sandbox has.
    private static func publicURL(_ text: String) -> String? {
        var text = text
        while text.hasSuffix("/") { text.removeLast() }
        guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty, parts.query == nil,
            parts.fragment == nil, text.hasUsablePort
        else { return nil }
        return parts.scheme == "https" || (parts.scheme == "http" && host.isLoopbackHost) ? text : nil
    }

    private static func byteCount(_ text: String) -> Int? {
        var digits = Substring(text.uppercased())
        var unit = 1
        if digits.hasSuffix("K") { unit = 1024 }
        if digits.hasSuffix("M") { unit = 1024 * 1024 }
        if unit > 1 { digits.removeLast() }
        guard let number = Int(digits), number > 0, number <= 64 * 1024 * 1024 / unit else { return nil }
        return number * unit
    }
}

extension SettingField {
    /// `BYOC_VIBER_AUTH_TOKEN` for Viber's `auth_token`.
    func environmentKey(of kind: ChannelKind) -> String {
        "BYOC_\(kind.rawValue)_\(key)".uppercased()
    }
}

extension SettingsReader {
    fileprivate mutating func whole(
        _ key: String, _ meaning: String, _ defaultValue: Int, _ range: ClosedRange<Int>
    ) -> Int? {
        read(
            key, meaning, default: String(defaultValue),
            expects: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            parse: { Int($0).flatMap { range.contains($0) ? $0 : nil } })
    }
}
