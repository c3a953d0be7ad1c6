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
}
