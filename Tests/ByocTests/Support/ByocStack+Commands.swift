// The commands of byoc as a person or a script runs them, and what every conversation begins with: an installation.

import Foundation
import Simulators
import Testing

/// What a command left behind.
struct CommandResult: Sendable, CustomStringConvertible {
    var status: Int32
    var output: String
    var errors: String

    /// The output as JSON.
    var json: JSON { get throws { try JSON(parsing: Array(output.utf8)) } }

    var description: String { "exit code \(status)\n\(output)\(errors)" }
}

/// An installation as `byoc install` and `byoc show` tell it.
struct Installed: Sendable {
    var id: String
    var targetURL: String
    var freshchatWebhookURL: String
    var productEventURL: String
    /// What the command wrote besides: warnings.
    var notes = ""

    init(_ result: CommandResult) throws {
        let json = try result.json
        id = try #require(json["id"]?.string)
        targetURL = try #require(json["targetURL"]?.string)
        freshchatWebhookURL = try #require(json["freshchatWebhookURL"]?.string)
        productEventURL = try #require(json["productEventURL"]?.string)
        notes = result.errors
    }
}

extension ByocStack {
    /// Runs a command to its end.
    func run(
        _ arguments: String..., input: String = "", environment: [String: String] = [:]
    ) async throws -> CommandResult {
        try await run(arguments, input: input, environment: environment)
    }

    /// Runs a command to its end.
    func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:]
    ) async throws -> CommandResult {
        let base = "command-\(nextCommand())"
        try input.write(toFile: "\(folder)/\(base).in", atomically: false, encoding: .utf8)
        let process = try ChildProcess(
            Self.program, arguments, environment: self.environment.merging(environment) { $1 }, directory: folder,
            input: "\(folder)/\(base).in", output: "\(folder)/\(base).out", errors: "\(folder)/\(base).err")
        guard let status = await process.wait(timeout: .seconds(90)) else {
            process.signal(9)
            throw StackFailure("byoc \(arguments.joined(separator: " ")) did not end")
        }
        let result = CommandResult(status: status, output: text(of: "\(base).out"), errors: text(of: "\(base).err"))
        let note = "$ byoc \(arguments.joined(separator: " "))\n\(result)\n"
        try (text(of: "commands.log") + note).write(
            toFile: "\(folder)/commands.log", atomically: false, encoding: .utf8)
        return result
    }

    /// Runs a command on a terminal of its own, where a person types one line.
    func runOnTerminal(_ command: String, typing line: String) async throws -> CommandResult {
        let base = "terminal-\(nextCommand())"
        let process = try ChildProcess(
            "/bin/sh", ["-c", "echo '\(line)' | script -qec '\(Self.program) \(command)' /dev/null"],
            environment: environment.merging(["BYOC_LOG_LEVEL": "critical"]) { $1 }, directory: folder,
            output: "\(folder)/\(base).out", errors: "\(folder)/\(base).err")
        guard let status = await process.wait(timeout: .seconds(90)) else {
            process.signal(9)
            throw StackFailure("byoc \(command) did not end on a terminal")
        }
        return CommandResult(status: status, output: text(of: "\(base).out"), errors: text(of: "\(base).err"))
    }

    /// Runs a command that must succeed with JSON.
    func json(_ arguments: String..., input: String = "") async throws -> JSON {
        let result = try await run(arguments + ["--json"], input: input)
        try #require(result.status == 0, "\(result)")
        return try result.json
    }

    /// The `byoc install viber` that a person would type for the sandbox's accounts.
    ///
    /// - Parameters:
    ///   - settings: of the channel, besides the API's address or instead of it.
    ///   - secrets: replace the right ones, or add to them; nil leaves one out.
    func installCommand(
        topic: String? = nil, settings: [String: String] = [:], secrets: [String: String?] = [:],
        environment: [String: String] = [:]
    ) async throws -> CommandResult {
        var lines: [String: String?] = [
            "auth_token": about.viber.token, "freshchat_token": about.freshchat.token,
            "webhook_key": about.freshchat.webhookPublicKey.replacing("\n", with: "\\n"),
        ]
        lines.merge(secrets) { $1 }
        var arguments = [
            "install", "viber", "--json", "--secrets", "-", "--freshchat-url", about.freshchat.url, "--topic",
            topic ?? about.freshchat.topics[0].id,
        ]
        for (key, value) in ["api_base_url": about.viber.url].merging(settings, uniquingKeysWith: { $1 }) {
            arguments += ["--set", "\(key)=\(value)"]
        }
        return try await run(
            arguments,
            input: lines.compactMap { key, value in value.map { "\(key)=\($0)\n" } }.joined(), environment: environment)
    }

    /// Installs the sandbox's bot and tells Freshchat the webhook's URL, as a person pastes it.
    func installViber(
        topic: String? = nil, settings: [String: String] = [:], secrets: [String: String?] = [:]
    ) async throws -> Installed {
        let result = try await installCommand(topic: topic, settings: settings, secrets: secrets)
        try #require(result.status == 0, "\(result)")
        let installed = try Installed(result)
        sandbox.freshchat.setWebhook(installed.freshchatWebhookURL)
        return installed
    }

    /// One installation of `byoc installations --json`.
    func installation(_ id: String) async throws -> JSON {
        let all = try await json("installations").array ?? []
        return try #require(all.first { $0["id"]?.string == id })
    }

    /// The state of an installation as `byoc installations` shows it: `active` or `paused`.
    func state(of id: String) async throws -> String {
        try await installation(id)["state"]?.string ?? ""
    }
}

extension ByocStack {
    /// Creates an empty data store as a web server does that runs byoc as plain CGI: the only way without a socket.
    ///
    /// - Parameter folder: `nil`: the stack's own data folder.
    func makeStore(in folder: String? = nil) async throws {
        let made = try await runAsCGI(dataFolder: folder ?? dataFolder)
        try #require(made.status == 0 && made.output.hasPrefix("Status: 200"), "\(made)")
    }

    /// Answers one request for `/healthz` as a CGI program.
    func runAsCGI(dataFolder: String) async throws -> CommandResult {
        try await run(
            [],
            environment: [
                "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_METHOD": "GET",
                "SCRIPT_NAME": "", "PATH_INFO": "/healthz", "REQUEST_URI": "/healthz", "QUERY_STRING": "",
                "BYOC_CGI_RELAY_SECONDS": "0", "BYOC_DATA_DIR": dataFolder,
            ])
    }
}
