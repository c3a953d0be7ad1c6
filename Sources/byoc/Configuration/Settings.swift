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
    /// Empty if not set.
    var baseURL = ""
    /// `PATH` or `HOST:PORT`; empty: not set.
    var socket = ""
    var socketMode: UInt32 = 0o660
    var threads = 32
    /// `nil` if not set.
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
    /// The channel that the environment describes an installation for; `nil`: none.
    var channelKind: ChannelKind?
    /// Each channel's fields in the environment, for `byoc install` and for the installation above.
    var channelAccounts: [ChannelKind: ChannelAccount] = [:]
    var desk = DeskSettings()
    var installationName: String?
    var doubtPolicy: Installation.DoubtPolicy = .resend
    var retention = RetentionAges()
    /// Risks that don't keep byoc from starting: a settings file that other users can read, for example.
    var cautions: [Caution] = []
    /// A settings file that would have been read, but that this user may not read; `nil`: none.
    var unreadFile: String?

    struct Caution: Hashable {
        var problem: String
        var reason: String
        var remedy: String
    }

    /// The environment's settings for Freshchat.
    struct DeskSettings {
        var baseURL: String?
        var token: Secret?
        var topic: String?
        var webhookPublicKey: String?
        var resolvedPolicy: Installation.ResolvedPolicy = .reopen
        var forwardsSystemLines = false
        var textLimit = 4000
        /// Zero: conversations are not polled.
        var pollInterval: Duration = .seconds(300)
        var pollCalls = 20
    }
}

enum LogFormat: String, CaseIterable {
    /// Text on a terminal, otherwise JSON.
    case auto
    case text, json
}

extension Settings {
    /// Reads every key there is. The order is the one that `byoc config` shows.
    init(from reader: inout SettingsReader) {
        func text(_ text: String) -> String? { text }

        if let value = reader.read(
            "BYOC_DATA_DIR", "data folder; only byoc's user may have access to it", default: dataDirectory,
            expects: "a path", parse: text)
        {
            dataDirectory = value
        }
        if let value = reader.read(
            "BYOC_BASE_URL", "public URL at which channels and Freshchat reach byoc",
            expects:
                "a URL such as https://chat.example.com or https://example.com/byoc, with any port at most 65535",
            fault: { text in
                text.lowercased().hasPrefix("http://")
                    ? "https is required, because channels call only https URLs (http only for this machine, as in "
                        + "http://127.0.0.1)" : nil
            }, parse: Self.publicURL)
        {
            baseURL = value
        }
        if let value = reader.read(
            "BYOC_SOCKET", "FastCGI socket: a path, or HOST:PORT",
            expects: "a path, or HOST:PORT with a port at most 65535", parse: Self.listeningAddress)
        {
            socket = value
        }
        if let value = reader.read(
            "BYOC_SOCKET_MODE", "file mode of the socket", default: "0660",
            expects: "an octal mode such as 0660", parse: { UInt32($0, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil } })
        {
            socketMode = value
        }
        if let value = reader.whole("BYOC_THREADS", "concurrent requests per worker", 32, 1...512) {
            threads = value
        }
        workers = reader.read(
            "BYOC_WORKERS", "number of worker processes (2, or 1 on an inherited socket)",
            expects: "a whole number from 1 to 256", parse: { Int($0).flatMap { (1...256).contains($0) ? $0 : nil } })
        if let value = reader.whole(
            "BYOC_RELAY_CONCURRENCY", "concurrent deliveries per worker; 0: this worker delivers nothing", 16, 0...1024)
        {
            relayConcurrency = value
        }
        if let value = reader.whole(
            "BYOC_LEASE_SECONDS", "lease time in seconds before a hung worker's conversation is taken over", 120,
            30...3600)
        {
            leaseTime = .seconds(value)
        }
        if let value = reader.whole(
            "BYOC_DRAIN_SECONDS", "grace period in seconds for in-flight work after SIGTERM", 20, 1...3600)
        {
            drainTime = .seconds(value)
        }
        if let value = reader.whole(
            "BYOC_CGI_RELAY_SECONDS", "under plain CGI: seconds that a request's process continues to relay", 10,
            0...3600)
        {
            cgiRelayTime = .seconds(value)
        }
        if let value = reader.read(
            "BYOC_BODY_LIMIT", "maximum size of a request body in bytes", default: "4M",
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
            "BYOC_KEEP_DELIVERED_DAYS", "days to keep delivered and discarded messages, with their text", 30,
            0...36_500)
        {
            retention.delivered = .seconds(value * 86_400)
        }
        if let value = reader.whole(
            "BYOC_KEEP_ATTEMPTS_DAYS", "days to keep the attempts of delivered and discarded messages", 14,
            0...36_500)
        {
            retention.attempts = .seconds(value * 86_400)
        }
        if let value = reader.whole(
            "BYOC_KEEP_DEDUPE_DAYS", "days during which a repeated webhook is recognized", 60, 30...36_500)
        {
            retention.dedupe = .seconds(value * 86_400)
        }
    }

    private mutating func readLogging(_ reader: inout SettingsReader) {
        if let value = reader.read(
            "BYOC_LOG_LEVEL", "minimum log level", default: "info",
            expects: "one of: \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))",
            parse: { Logger.Level(rawValue: $0.lowercased()) })
        {
            logLevel = value
        }
        if let value = reader.read(
            "BYOC_LOG_FORMAT", "log format; auto: text on a terminal, otherwise JSON", default: "auto",
            expects: "auto, text or json", parse: { LogFormat(rawValue: $0.lowercased()) })
        {
            logFormat = value
        }
        logFile = reader.read(
            "BYOC_LOG_FILE", "log file, written as JSON, instead of standard error; required under plain CGI",
            expects: "a path", parse: { $0 })
    }

    private mutating func readSecrets(_ reader: inout SettingsReader) {
        secretKey = reader.read(
            "BYOC_SECRET_KEY",
            "key that encrypts the secrets in the data store; if not set, a key is created in the data folder",
            isSecret: true, expects: "32 bytes in base64 or hex, as from: openssl rand -base64 32",
            parse: { Secret($0) })
        adminPassword = reader.read(
            "BYOC_ADMIN_PASSWORD",
            "password for the pages under /admin, or the output of byoc hash-password",
            isSecret: true, expects: "at least \(AdminPassword.shortest) characters, or a complete hash",
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
            "BYOC_CHANNEL", "channel to install from the settings below, instead of with byoc install",
            expects: "one of: \(kinds.map(\.rawValue).joined(separator: ", "))",
            parse: { text in kinds.first { $0.rawValue == text.lowercased() } })
        installationName = reader.read(
            "BYOC_INSTALLATION_NAME", "the installation's name", expects: "a name", parse: { $0 })
        if let value = reader.read(
            "BYOC_DOUBT_POLICY",
            "what to do with a reply that may or may not have been sent: resend or hold",
            default: "resend", expects: "resend or hold", parse: { Installation.DoubtPolicy(rawValue: $0) })
        {
            doubtPolicy = value
        }
        desk.baseURL = reader.read(
            "BYOC_FRESHCHAT_BASE_URL", "Freshchat API URL, including /v2",
            expects: "a URL such as https://api.freshchat.com/v2, with any port at most 65535",
            parse: { try? FreshchatBaseURL(parsing: $0).text })
        desk.token = reader.read(
            "BYOC_FRESHCHAT_TOKEN", "Freshchat API token", isSecret: true, expects: "the token without spaces",
            parse: { $0.contains(where: \.isWhitespace) ? nil : Secret($0) })
        desk.topic = reader.read(
            "BYOC_FRESHCHAT_TOPIC", "ID of the Freshchat topic for conversations (byoc install also accepts its name)",
            expects: "a topic ID",
            parse: { $0 })
        desk.webhookPublicKey = reader.read(
            "BYOC_FRESHCHAT_WEBHOOK_KEY", "public key that Freshchat shows next to its webhook setting",
            expects: "the key as shown, with line breaks as \\n", parse: { $0 })
        if let value = reader.read(
            "BYOC_FRESHCHAT_RESOLVED_POLICY",
            "when a customer writes in a resolved conversation: reopen it, or start a new one",
            default: "reopen", expects: "reopen or new_conversation",
            parse: { Installation.ResolvedPolicy(rawValue: $0) })
        {
            desk.resolvedPolicy = value
        }
        if let value = reader.read(
            "BYOC_FRESHCHAT_FORWARD_SYSTEM", "forward Freshchat system messages to customers", default: "no",
            expects: "yes or no", parse: { ["yes": true, "true": true, "no": false, "false": false][$0.lowercased()] })
        {
            desk.forwardsSystemLines = value
        }
        if let value = reader.whole(
            "BYOC_FRESHCHAT_TEXT_LIMIT", "maximum length of a Freshchat message in characters", 4000,
            InstallationEdit.textLimits)
        {
            desk.textLimit = value
        }
        if let value = reader.whole(
            "BYOC_FRESHCHAT_POLL_SECONDS",
            "delay in seconds before polling a conversation for missed replies; 0: never",
            300,
            0...86_400)
        {
            desk.pollInterval = .seconds(value)
        }
        if let value = reader.whole(
            "BYOC_FRESHCHAT_POLL_CALLS", "maximum polling calls per minute and installation", 20, 1...6000)
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

    /// A bad path shows when it is listened on; anything else is read here as it will be then.
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
