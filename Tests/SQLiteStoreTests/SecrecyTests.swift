import Foundation
import GRDB
import RelayCore
import SQLiteStore
import Testing

@Suite("Secrets at rest")
struct SecrecyTests {
    @Test("No secret and no token is in any file of the data directory")
    func bytes() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        _ = try store.accept(message("a harmless word"))
        func files(holding text: String) throws -> [String] {
            try directory.modes().keys.filter { name in
                guard let data = FileManager.default.contents(atPath: directory.path + "/" + name) else { return false }
                return data.range(of: Data(text.utf8)) != nil
            }
        }
        func check() throws {
            let secrets = ["channel-secret", "freshchat-secret", "target-secret", "helpdesk-secret", "event-secret"]
            for secret in secrets { #expect(try files(holding: secret).isEmpty, "\(secret)") }
        }
        // The search finds what is there in clear.
        #expect(try !files(holding: "a harmless word").isEmpty)
        try check()
        store.close()
        #expect(try files(holding: "a harmless word") == ["byoc.sqlite"])
        try check()
    }

    @Test("A removed installation's secrets are gone, encrypted or not")
    func removal() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        try await store.remove("viber-1", keepingHistory: true, now: start)
        store.close()
        let left = try inFile(of: directory) { db in
            try ["channel_accounts", "helpdesk_accounts"].compactMap {
                try Data.fetchOne(db, sql: "SELECT secrets FROM \($0)")
            }
        }
        #expect(left.isEmpty)
    }

    @Test(
        "Secrets that were moved to another account's row, or changed, are not opened",
        arguments: ["channel", "helpdesk"])
    func swapped(side: String) async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample("viber-1"), now: start)
        try await store.save(sample("viber-2"), now: start)
        store.close()
        try inFile(of: directory) {
            try $0.execute(
                sql: "UPDATE \(side)_accounts SET secrets = (SELECT secrets FROM \(side)_accounts ORDER BY number DESC)"
            )
        }
        let again = try open(directory)
        let failure = try #require(refusal { _ = try again.directory() })
        #expect(failure.kind == .damaged && failure.message.contains("viber-1"))
        again.close()
    }

    @Test("The same secrets are never encrypted to the same bytes")
    func nonces() async throws {
        let directory = try Directory()
        let store = try open(directory)
        var seen: Set<Data> = []
        for _ in 0..<3 {
            try await store.save(sample(), now: start)
            let secrets = try inFile(of: directory) {
                try Data.fetchOne($0, sql: "SELECT secrets FROM helpdesk_accounts")
            }
            seen.insert(try #require(secrets))
        }
        #expect(seen.count == 3)
        store.close()
    }

    @Test("A key is read as people paste it")
    func parsing() throws {
        let bytes = Data((0..<32).map { UInt8($0 * 8 + 3) })
        let base64 = bytes.base64EncodedString()
        let digits = bytes.map { String(format: "%02x", $0) }.joined()
        let key = try EncryptionKey(parsing: base64)
        let url = base64.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
        for text in [digits, digits.uppercased(), " \(base64)\n", url, url.replacingOccurrences(of: "=", with: "")] {
            #expect(try EncryptionKey(parsing: text) == key, "\(text)")
        }
        #expect(key.id.count == 8 && !digits.contains(key.id))
        for text in ["", "short", digits.dropLast(2) + "", digits + "00", "zz" + digits.dropFirst(2), base64 + "AAAA"] {
            let failure = refusal { _ = try EncryptionKey(parsing: text) }
            #expect(failure?.kind == .wrongKey)
            #expect(text.isEmpty || failure?.message.contains(text) == false)
        }
        #expect(!"\(key) \(String(reflecting: key))".contains(base64))
    }

    @Test("The key file is made once, by whoever is first, and read by all others")
    func keyFile() async throws {
        let directory = try Directory()
        let loaded = try await withThrowingTaskGroup(of: EncryptionKey.Loaded.self) { group in
            for _ in 0..<16 {
                group.addTask { try await onThread { try EncryptionKey.loadOrCreate(in: directory.path) } }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(loaded.map(\.key)).count == 1)
        #expect(loaded.filter(\.wasCreated).count == 1)
        #expect(loaded.allSatisfy { $0.path == directory.path + "/secret.key" })
        #expect(try directory.modes() == ["secret.key": 0o600, "workers": 0o700])
        #expect(try EncryptionKey.loadOrCreate(in: directory.path).wasCreated == false)
    }

    @Test("A key file that others can read, that holds no key, or that is missing beside a store is refused")
    func badKeyFile() throws {
        let directory = try Directory()
        let loaded = try EncryptionKey.loadOrCreate(in: directory.path)
        chmod(loaded.path, 0o640)
        let loose = try #require(refusal { _ = try EncryptionKey.loadOrCreate(in: directory.path) })
        #expect(loose.kind == .unavailable && loose.message.contains("chmod 600 \(loaded.path)"))
        chmod(loaded.path, 0o600)
        try open(directory, key: loaded.key).close()
        try Data("nonsense".utf8).write(to: URL(fileURLWithPath: loaded.path))
        let nonsense = try #require(refusal { _ = try EncryptionKey.loadOrCreate(in: directory.path) })
        #expect(nonsense.message.contains(loaded.path) && !nonsense.message.contains("nonsense"))
        try FileManager.default.removeItem(atPath: loaded.path)
        #expect(refusal { _ = try EncryptionKey.loadOrCreate(in: directory.path) }?.kind == .wrongKey)
        #expect(!FileManager.default.fileExists(atPath: loaded.path))
    }
}
