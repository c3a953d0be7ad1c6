import Foundation
import Glibc
import RelayCore
import Testing

@testable import byoc

@Suite("Configuration")
struct SettingsTests {
    private func read(
        _ environment: [String: String], over file: [String: String] = [:]
    ) -> (Settings, SettingsReader) {
        var reader = SettingsReader([
            .init(name: "environment", values: environment), .init(name: ".env", values: file),
        ])
        let settings = Settings(from: &reader)
        reader.reportUnknownKeys(prefix: "BYOC_", ignoring: ["BYOC_ENV_FILE"])
        return (settings, reader)
    }

    @Test("With nothing set there is no mistake, and every key has its default")
    func defaults() {
        let (settings, reader) = read(["PATH": "/bin"])
        #expect(reader.mistakes == [])
        #expect(settings.threads == 32)
        #expect(settings.workers == nil)
        #expect(settings.bodyLimit == 4 * 1024 * 1024)
        #expect(settings.logFormat == .auto)
        #expect(reader.entries.allSatisfy { $0.origin == "default" && !$0.meaning.isEmpty })
    }

    @Test("The environment goes before the file, and each value's origin is told")
    func origins() throws {
        let (settings, reader) = read(
            ["BYOC_THREADS": "4", "BYOC_LOG_LEVEL": ""], over: ["BYOC_THREADS": "9", "BYOC_LOG_LEVEL": "debug"])
        #expect(settings.threads == 4)
        #expect(try #require(reader.entries.first { $0.key == "BYOC_THREADS" }).origin == "environment")
        #expect(try #require(reader.entries.first { $0.key == "BYOC_SOCKET" }).origin == "default")
    }

    @Test("All mistakes are told at once, each with its key, its value and what is expected")
    func mistakes() {
        let (_, reader) = read([
            "BYOC_THREADS": "many", "BYOC_BASE_URL": "ftp://x", "BYOC_SOCKET_MODE": "999", "BYOC_BODY_LIMIT": "1G",
            "BYOC_CHANNEL": "pigeon",
        ])
        #expect(
            Set(reader.mistakes.map(\.key)) == [
                "BYOC_THREADS", "BYOC_BASE_URL", "BYOC_SOCKET_MODE", "BYOC_BODY_LIMIT", "BYOC_CHANNEL",
            ])
        for mistake in reader.mistakes {
            #expect("\(mistake)".contains(mistake.key))
            #expect("\(mistake)".contains("expected"))
            #expect(mistake.value.map { "\(mistake)".contains($0) } == true)
        }
    }

    @Test(
        "A misspelt key is named with the nearest real one",
        arguments: [
            ("BYOC_SOKET", "BYOC_SOCKET"), ("BYOC_WORKER", "BYOC_WORKERS"), ("BYOC_DATADIR", "BYOC_DATA_DIR"),
            ("BYOC_VIBER_TOKEN", "BYOC_VIBER_AUTH_TOKEN"),
        ])
    func misspelt(key: String, meant: String) {
        let (_, reader) = read([key: "x"])
        #expect(reader.mistakes.map(\.key) == [key])
        #expect(reader.mistakes.first?.nearest == meant)
    }

    @Test("Other programs' keys are nobody's business")
    func foreignKeys() {
        #expect(read(["BYOCX": "1", "MY_BYOC_THING": "1", "BYOC_ENV_FILE": "/x"]).1.mistakes == [])
    }

    @Test("A secret is shown neither in the list nor in a mistake")
    func secrets() {
        let token = "secret-with spaces-0123456789abcdef"
        let (_, reader) = read(["BYOC_FRESHCHAT_TOKEN": token, "BYOC_ADMIN_PASSWORD": "short pw"])
        #expect(reader.mistakes.count == 2)
        #expect(!reader.mistakes.map(\.description).joined().contains("secret-with"))
        #expect(!reader.mistakes.map(\.description).joined().contains("short pw"))
        #expect(!reader.entries.compactMap(\.value).contains { $0.contains("secret-with") })
    }

    @Test("The documentation's table explains every key, with its default, and no other")
    func documentation() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/byoc/Documentation.docc/Settings.md")
        let rows = try String(contentsOf: path, encoding: .utf8).split(separator: "\n").filter {
            $0.hasPrefix("| `BYOC_")
        }
        let (_, reader) = read([:])
        let expected = reader.entries.map { entry in
            "| `\(entry.key)` | \(entry.meaning) | \(entry.defaultValue.map { "`\($0)`" } ?? "–") |"
        }
        #expect(rows.map(String.init) == expected, "The table should be:\n\(expected.joined(separator: "\n"))")
    }

    @Test(
        "A value that no address, port or number can hold is a mistake, told with the value",
        arguments: [
            ("BYOC_BASE_URL", "https://127.0.0.1:70000"), ("BYOC_BASE_URL", "https://chat.example.com:0"),
            ("BYOC_BASE_URL", "https://[::1]:65536/byoc"), ("BYOC_BASE_URL", "http://127.0.0.1:99999999999999999999"),
            ("BYOC_SOCKET", "127.0.0.1:70000"), ("BYOC_SOCKET", ":99999999999999999999"),
            ("BYOC_VIBER_API_BASE_URL", "https://127.0.0.1:65536/pa"),
            ("BYOC_VIBER_SENDER_AVATAR", "https://127.0.0.1:70000/a.png"),
            ("BYOC_FRESHCHAT_BASE_URL", "https://127.0.0.1:70000/v2"), ("BYOC_LEASE_SECONDS", "9e18"),
            ("BYOC_LEASE_SECONDS", "9223372036854775807"), ("BYOC_LEASE_SECONDS", "99999999999999999999"),
            ("BYOC_KEEP_DELIVERED_DAYS", "9223372036854775807"), ("BYOC_DISK_RESERVE", "9223372036854775807K"),
            ("BYOC_BODY_LIMIT", "9223372036854775807M"), ("BYOC_FRESHCHAT_POLL_SECONDS", "-1"),
            ("BYOC_WORKERS", "2147483648"), ("BYOC_SOCKET_MODE", "777777777777"),
        ])
    func absurd(key: String, value: String) {
        let mistakes = read([key: value]).1.mistakes
        #expect(mistakes.map(\.key) == [key])
        #expect(mistakes.allSatisfy { "\($0)".contains(value) })
    }

    @Test("A password that can't be used is refused with what is wrong with it, and isn't shown")
    func password() throws {
        let tail = "AAAAAAAAAAAAAAAAAAAAAA:" + String(repeating: "A", count: 43)
        for (text, fault) in [
            ("short", "it has 5 characters; expected at least 12"), ("scrypt:15:8", "isn't a whole one"),
            ("scrypt:20:32:1:\(tail)", "it needs 4097 MiB"), ("scrypt:16:1:1:\(tail)", "with r = 1"),
        ] {
            let mistake = try #require(read(["BYOC_ADMIN_PASSWORD": text]).1.mistakes.first)
            #expect("\(mistake)".contains(fault), "\(mistake)")
            #expect(!"\(mistake)".contains(text))
        }
        #expect(read(["BYOC_ADMIN_PASSWORD": "scrypt:15:8:1:\(tail)"]).1.mistakes == [])
    }

    @Test("A port that other machines can reach is warned of; one of this machine, and a path, are not")
    func exposure() {
        for socket in ["0.0.0.0:9000", "[::]:9000", "10.0.0.1:9000", "example.com:9000"] {
            let cautions = EndpointCheck.cautions(about: socket)
            #expect(cautions.count == 1 && cautions.allSatisfy { $0.problem.contains(socket) }, "\(socket)")
        }
        for socket in ["127.0.0.1:9000", ":9000", "[::1]:9000", "localhost:9000", "/run/byoc.sock", "byoc.sock", ""] {
            #expect(EndpointCheck.cautions(about: socket).isEmpty, "\(socket)")
        }
    }

    @Test("A settings file with a secret in it that everybody can read is mentioned, with what to do")
    func readableByAll() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/env"
        func cautions(_ text: String, mode: mode_t) throws -> [Settings.Caution] {
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            chmod(path, mode)
            return try SettingsLoader(file: path).read().settings.cautions
        }
        let secret = "BYOC_ADMIN_PASSWORD=correct horse battery\nBYOC_THREADS=3\n"
        let caution = try #require(try cautions(secret, mode: 0o644).first)
        #expect(caution.problem.contains(path) && caution.problem.contains("BYOC_ADMIN_PASSWORD"))
        #expect(!caution.problem.contains("horse"))
        #expect(caution.remedy.contains("chmod 600 \(path)"))
        #expect(try cautions(secret, mode: 0o640) == [])
        #expect(try cautions("BYOC_THREADS=3\n", mode: 0o644) == [])
        #expect(try cautions("BYOC_ADMIN_PASSWORD=\n", mode: 0o644) == [])
    }

    @Test("A settings file that other users can write is mentioned, also for its group alone")
    func writableByOthers() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/env"
        try "BYOC_THREADS=3\n".write(toFile: path, atomically: false, encoding: .utf8)
        func problems(mode: mode_t) throws -> [String] {
            chmod(path, mode)
            return try SettingsLoader(file: path).read().settings.cautions.map { "\($0.problem) \($0.remedy)" }
        }
        #expect(try problems(mode: 0o644) == [])
        let problem = try #require(try problems(mode: 0o646).first)
        #expect(problem.contains("\(path) can be written by every user") && problem.contains("chmod go-w \(path)"))
        // A group with its owner's number is the owner's own.
        guard geteuid() == 0 else { return }
        #expect(chown(path, 0, 12_345) == 0)
        #expect(try problems(mode: 0o664).first?.contains("can be written by group 12345") == true)
        #expect(chown(path, 0, 0) == 0)
        #expect(try problems(mode: 0o664) == [])
    }

    @Test("A .env that a group can write isn't read, and the error says what to do")
    func writableLocalFile() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/.env"
        try "BYOC_THREADS=3\n".write(toFile: path, atomically: false, encoding: .utf8)
        func read() throws -> Settings { try SettingsLoader(environment: [:], localFile: path).read().settings }
        chmod(path, 0o600)
        #expect(try read().threads == 3)
        guard geteuid() == 0 else { return }
        #expect(chown(path, 0, 12_345) == 0)
        chmod(path, 0o660)
        let failure = try #require(throws: CommandFailure.self) { try read() }
        #expect(
            "\(failure)".contains("\(path) in the working folder isn't read") && "\(failure)".contains("chmod go-w"))
    }

    @Test("The system's settings file is read only if nothing else is given, and is named if this user can't read it")
    func systemFile() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/system.env"
        try "BYOC_DATA_DIR=/srv/byoc\n".write(toFile: path, atomically: false, encoding: .utf8)
        func loaded(
            _ environment: [String: String] = ["PATH": "/bin"], overrides: [String: String] = [:], file: String? = nil,
            local: String = "none", system: String? = nil
        ) throws -> SettingsLoader.Loaded {
            try SettingsLoader(
                overrides: overrides, file: file, environment: environment, localFile: folder.path + "/" + local,
                systemFile: system ?? path
            ).read()
        }
        let alone = try loaded()
        #expect(alone.settings.dataDirectory == "/srv/byoc")
        #expect(alone.entries.first { $0.key == "BYOC_DATA_DIR" }?.origin == path)
        #expect(try loaded(["BYOC_LOG_LEVEL": ""]).settings.dataDirectory == "/srv/byoc")

        #expect(try loaded(["BYOC_LOG_LEVEL": "debug"]).settings.dataDirectory == "byoc-data")
        #expect(try loaded(overrides: ["BYOC_DATA_DIR": "/tmp/x"]).settings.dataDirectory == "/tmp/x")
        let other = folder.path + "/other.env"
        try "BYOC_THREADS=3\n".write(toFile: other, atomically: false, encoding: .utf8)
        for settings in [
            try loaded(file: other).settings, try loaded(["BYOC_ENV_FILE": other]).settings,
            try loaded(local: "other.env").settings,
        ] {
            #expect(settings.threads == 3)
            #expect(settings.dataDirectory == "byoc-data")
        }
        #expect(try loaded(system: folder.path + "/nowhere").settings.dataDirectory == "byoc-data")
        #expect(try loaded(system: folder.path + "/nowhere").settings.unreadFile == nil)
        // Root can read everything.
        guard geteuid() != 0 else { return }
        chmod(path, 0)
        #expect(try loaded().settings.unreadFile == path)
    }

    @Test("A file of somebody else's, or that everybody can write to, isn't relied on, nor a link to one")
    func trust() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/.env"
        #expect(FileTrust.problem(of: path) == nil)
        try "".write(toFile: path, atomically: false, encoding: .utf8)
        chmod(path, 0o644)
        #expect(FileTrust.problem(of: path) == nil)
        chmod(path, 0o646)
        #expect(FileTrust.problem(of: path) == "can be written by every user")
        let link = folder.path + "/link"
        #expect(symlink(path, link) == 0)
        #expect(FileTrust.problem(of: link) == "can be written by every user")
        chmod(path, 0o600)
        #expect(FileTrust.problem(of: link) == nil)
        // Only root can give files away.
        guard geteuid() == 0 else { return }
        #expect(chown(path, 12_345, 0) == 0)
        #expect(FileTrust.problem(of: path)?.contains("belongs to user 12345") == true)
        #expect(FileTrust.problem(of: link)?.contains("leads to a file of user 12345") == true)
        #expect(chown(path, 0, 0) == 0)
        #expect(lchown(link, 12_345, 0) == 0)
        #expect(FileTrust.problem(of: link)?.contains("belongs to user 12345") == true)
    }

    @Test("What sign-in remembers begins anew when its file is removed, so that no earlier session goes on")
    func signInMemory() throws {
        let folder = try TemporaryFolder()
        let memory = ConsoleMemoryFile(dataDirectory: folder.path)
        try memory.change { _ in }
        let first = try memory.recall()
        #expect(try ConsoleMemoryFile(dataDirectory: folder.path).recall() == first)
        #expect(unlink(folder.path + "/console.json") == 0)
        #expect(try memory.recall() != first)
        try memory.change { _ in }
        #expect(try memory.recall() != first)
        let letter = folder.path + "/letter"
        try "dear".write(toFile: letter, atomically: false, encoding: .utf8)
        #expect(symlink(letter, folder.path + "/console.json.new") == 0)
        #expect(throws: (any Error).self) { try memory.change { _ in } }
        #expect(try String(contentsOfFile: letter, encoding: .utf8) == "dear")
    }

    @Test("Sizes may be written with K and M")
    func sizes() {
        #expect(read(["BYOC_BODY_LIMIT": "512k"]).0.bodyLimit == 512 * 1024)
        #expect(read(["BYOC_BODY_LIMIT": "1000"]).0.bodyLimit == 1000)
    }

    @Test("The disk's reserve may be written with G too, and may be none")
    func reserve() {
        #expect(read(["BYOC_DISK_RESERVE": "2G"]).0.diskReserve == 2 << 30)
        #expect(read(["BYOC_DISK_RESERVE": "1500"]).0.diskReserve == 1500)
        #expect(read(["BYOC_DISK_RESERVE": "0"]).0.diskReserve == 0)
        #expect(read([:]).0.diskReserve == 64 << 20)
        for text in ["-1", "G", "lots", "9999999999999999G"] {
            #expect(read(["BYOC_DISK_RESERVE": text]).1.mistakes.count == 1, "\(text)")
        }
        #expect(read(["BYOC_OUTBOX_LIMIT": "3"]).0.outboxLimit == 3)
        #expect(read(["BYOC_OUTBOX_LIMIT": "0"]).1.mistakes.count == 1)
    }

    @Test("A public address needs https, but for this machine's own")
    func addresses() {
        #expect(read(["BYOC_BASE_URL": "https://chat.example.com/byoc/"]).0.baseURL == "https://chat.example.com/byoc")
        #expect(read(["BYOC_BASE_URL": "http://127.0.0.1:8080"]).1.mistakes == [])
        #expect(read(["BYOC_BASE_URL": "http://chat.example.com"]).1.mistakes.count == 1)
        #expect(read(["BYOC_BASE_URL": "https://chat.example.com/?a=b"]).1.mistakes.count == 1)
    }
}

/// A folder that goes away with the object.
private final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/byoc-settings-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
