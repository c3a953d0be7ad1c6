import FoundationEssentials
import GRDB
import RelayCore

/// What is encrypted together of a channel account.
struct ChannelSecrets: Codable {
    var secrets: [String: Secret]
    var endpoints: [Endpoint]
    /// In here because the target token is a part of it.
    var registeredURL: String
}

/// What is encrypted together of a helpdesk account.
struct HelpdeskSecrets: Codable {
    var token: Secret
    var spareTokens: [Secret]
    var endpoints: [Endpoint]
}

/// What versions before accounts encrypted together of an installation.
struct InstallationSecrets: Codable {
    var channel: [String: Secret]
    var helpdesk: Secret
    var targetToken: Secret
    var helpdeskToken: Secret
    var eventSecret: Secret
    var registeredURL: String
    var topicName: String?

    var ofChannel: ChannelSecrets {
        ChannelSecrets(
            secrets: channel, endpoints: [Endpoint(.target, token: targetToken)], registeredURL: registeredURL)
    }

    var ofHelpdesk: HelpdeskSecrets {
        HelpdeskSecrets(
            token: helpdesk, spareTokens: [],
            endpoints: [Endpoint(.helpdesk, token: helpdeskToken), Endpoint(.event, token: eventSecret)])
    }
}

/// The secrets of an account as they are stored.
struct SealedSecrets {
    /// The columns that ``init(_:of:from:)`` reads, in its order.
    static let columns = "secrets, key_id, seal_context"

    let account: String
    let sealed: Data?
    let keyID: String?
    let context: String

    init(_ row: some SQLColumns, of account: String, from index: Int) throws {
        self.account = account
        sealed = try row.blobIfAny(index)
        keyID = try row.textIfAny(index + 1)
        context = try row.text(index + 2)
    }

    init(sealing secrets: some Encodable, of account: String, with key: any SecretSealing) throws {
        self.account = account
        sealed = try key.seal(try JSONEncoder().encode(secrets), context: account)
        keyID = key.id
        context = account
    }

    /// Whether a version before accounts sealed them: for one installation, with those of the other side.
    var isEarlier: Bool { context != account }

    func earlier(key: any SecretSealing) throws(StoreFailure) -> InstallationSecrets? {
        isEarlier ? try open(InstallationSecrets.self, key: key) : nil
    }

    func open<Secrets: Decodable>(_ type: Secrets.Type, key: any SecretSealing) throws(StoreFailure) -> Secrets {
        guard let sealed, let clear = key.open(sealed, context: context) else {
            guard let keyID, keyID != key.id else {
                throw StoreFailure(
                    .damaged,
                    "the secrets of account \(account) can't be decrypted: the row was changed or is damaged. "
                        + "Install it again, or put a backup in place.")
            }
            throw .wrongKey(wanted: keyID, given: key.id)
        }
        guard let secrets = try? JSONDecoder().decode(type, from: clear) else {
            throw StoreFailure(
                .damaged, "the secrets of account \(account) are in a form that this version can't read")
        }
        return secrets
    }
}
