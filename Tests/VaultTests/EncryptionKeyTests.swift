import Foundation
import RelayCore
import Testing
import Vault

@Suite("The key for secrets")
struct EncryptionKeyTests {
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

    @Test("Sealed secrets open with the same key and context only, and are never the same bytes twice")
    func sealing() throws {
        let key = EncryptionKey()
        let clear = Data("a secret".utf8)
        let sealed = try key.seal(clear, context: "viber-1")
        #expect(key.open(sealed, context: "viber-1") == clear)
        #expect(key.open(sealed, context: "viber-2") == nil)
        #expect(EncryptionKey().open(sealed, context: "viber-1") == nil)
        #expect(key.open(sealed.dropLast() + [sealed.last! ^ 1], context: "viber-1") == nil)
        #expect(try key.seal(clear, context: "viber-1") != sealed)
    }

    @Test("The key file is made once, by whoever is first, and read by all others")
    func keyFile() async throws {
        let directory = try Directory()
        let loaded = try await withThrowingTaskGroup(of: EncryptionKey.Loaded.self) { group in
            for _ in 0..<16 {
                group.addTask { try directory.loadOrCreate() }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(loaded.map(\.key)).count == 1)
        #expect(loaded.filter(\.wasCreated).count == 1)
        #expect(loaded.allSatisfy { $0.path == directory.path + "/secret.key" })
        #expect(try directory.modes() == ["secret.key": 0o600])
        #expect(try directory.loadOrCreate().wasCreated == false)
    }

    @Test("A key file that others can read, that holds no key, or that is missing beside a store is refused")
    func badKeyFile() throws {
        let directory = try Directory()
        let loaded = try directory.loadOrCreate()
        chmod(loaded.path, 0o640)
        let loose = try #require(refusal { _ = try directory.loadOrCreate() })
        #expect(loose.kind == .unavailable && loose.message.contains("chmod 600 \(loaded.path)"))
        chmod(loaded.path, 0o600)
        try Data("nonsense".utf8).write(to: URL(fileURLWithPath: loaded.path))
        let nonsense = try #require(refusal { _ = try directory.loadOrCreate() })
        #expect(nonsense.message.contains(loaded.path) && !nonsense.message.contains("nonsense"))
        try FileManager.default.removeItem(atPath: loaded.path)
        #expect(refusal { _ = try directory.loadOrCreate(hasStore: true) }?.kind == .wrongKey)
        #expect(!FileManager.default.fileExists(atPath: loaded.path))
    }
}

/// A directory that is removed with its last user.
private final class Directory: Sendable {
    let path = FileManager.default.temporaryDirectory.path + "/vault-\(UUID())"

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func loadOrCreate(hasStore: Bool = false) throws(StoreFailure) -> EncryptionKey.Loaded {
        try EncryptionKey.loadOrCreate(in: path, hasStore: hasStore)
    }

    /// Each file with its bits of permission.
    func modes() throws -> [String: Int] {
        var modes: [String: Int] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
            modes[name] = (attributes[.posixPermissions] as? NSNumber)?.intValue
        }
        return modes
    }
}

/// What a body is refused with; `nil` if it isn't.
private func refusal(_ body: () throws -> Void) -> StoreFailure? {
    do {
        try body()
        return nil
    } catch {
        return error as? StoreFailure
    }
}
