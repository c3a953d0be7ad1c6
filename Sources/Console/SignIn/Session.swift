import Crypto
import FoundationEssentials

/// Somebody who has signed in. All of it is in the cookie, signed, so that every worker takes it.
struct Session: Hashable, Sendable {
    /// By chance, 128 bits.
    let id: String
    let startedAt: Date
    /// When it was last used, to the minute.
    var seenAt: Date
    /// Which round of sessions it belongs to; "sign out everywhere" begins a new one.
    let epoch: Int

    /// It ends when it wasn't used for so long …
    static let idleTime: TimeInterval = 60 * 60
    /// … and after so long in any case.
    static let longestTime: TimeInterval = 12 * 60 * 60
    /// The age of ``seenAt`` at which the cookie is renewed.
    static let renewalTime: TimeInterval = 60

    func isOver(at now: Date) -> Bool {
        now.timeIntervalSince(seenAt) > Self.idleTime || now.timeIntervalSince(startedAt) > Self.longestTime
            // From a clock that has been set back since; it would last longer than said.
            || startedAt.timeIntervalSince(now) > Self.renewalTime
    }

    var text: String {
        "\(id).\(Int(startedAt.timeIntervalSince1970)).\(Int(seenAt.timeIntervalSince1970)).\(epoch)"
    }

    init(id: String, startedAt: Date, seenAt: Date, epoch: Int) {
        self.id = id
        self.startedAt = startedAt
        self.seenAt = seenAt
        self.epoch = epoch
    }

    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, !parts[0].isEmpty, let started = Int(parts[1]), let seen = Int(parts[2]),
            let epoch = Int(parts[3])
        else { return nil }
        self.init(
            id: String(parts[0]), startedAt: Date(timeIntervalSince1970: TimeInterval(started)),
            seenAt: Date(timeIntervalSince1970: TimeInterval(seen)), epoch: epoch)
    }
}

/// Signs and verifies short texts for one purpose.
struct Seal: Sendable {
    private let key: SymmetricKey

    init(_ purpose: String, key: [UInt8], salt: [UInt8] = []) {
        self.key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: key), salt: salt, info: Data("console \(purpose)".utf8),
            outputByteCount: 32)
    }

    func signature(of text: String) -> String {
        HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key).base64URL
    }

    func isGenuine(_ signature: String, of text: String) -> Bool {
        guard let bytes = signature.base64URLDecoded else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(bytes, authenticating: Data(text.utf8), using: key)
    }

    /// The text with its signature behind a dot.
    func signed(_ text: String) -> String { "\(text).\(signature(of: text))" }

    /// The text of what ``signed(_:)`` made; `nil` when it wasn't made with this key.
    func verified(_ signed: String) -> String? {
        guard let dot = signed.lastIndex(of: ".") else { return nil }
        let text = String(signed[..<dot])
        return isGenuine(String(signed[signed.index(after: dot)...]), of: text) ? text : nil
    }
}

/// Encrypts what a form carries from one step to the next, so that what was entered is never sent back in clear.
struct DraftSeal: Sendable {
    private let key: SymmetricKey

    /// For so long a form may lie open.
    static let lifetime: TimeInterval = 2 * 60 * 60

    init(key: [UInt8]) {
        self.key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: key), info: Data("console draft".utf8), outputByteCount: 32)
    }

    private struct Envelope<Content: Codable>: Codable {
        var content: Content
        var at: Date
    }

    /// - Parameter session: only with it does the draft open again.
    func seal(_ content: some Codable, of session: Session, now: Date) throws -> String {
        let clear = try JSONEncoder().encode(Envelope(content: content, at: now))
        return try AES.GCM.seal(clear, using: key, authenticating: Data(session.id.utf8)).combined?.base64URL ?? ""
    }

    /// - Returns: `nil` when it is too old, of another session, or none of ours.
    func open<Content: Codable>(_ text: String, _: Content.Type, of session: Session, now: Date) -> Content? {
        guard let bytes = text.base64URLDecoded, let box = try? AES.GCM.SealedBox(combined: bytes),
            let clear = try? AES.GCM.open(box, using: key, authenticating: Data(session.id.utf8)),
            let envelope = try? JSONDecoder().decode(Envelope<Content>.self, from: clear),
            abs(now.timeIntervalSince(envelope.at)) < Self.lifetime
        else { return nil }
        return envelope.content
    }
}
