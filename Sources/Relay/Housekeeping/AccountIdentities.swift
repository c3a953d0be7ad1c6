import FoundationEssentials
package import Logging
package import RelayCore
import ServiceLifecycle

/// Asks accounts who they are that have never been asked, such as those of an earlier version's store, at the start and
/// each hour. Accounts that turn out to be the same one are merged.
///
/// Each account costs one check with its service. Several workers may ask at the same time, to no harm.
package struct AccountIdentities: Service {
    private let store: any Store
    private let channels: @Sendable (ChannelKind) -> (any Channel)?
    private let helpdesk: any Helpdesk
    private let http: any HTTPSender
    private let time: RelayTime
    private let logger: Logger

    private static let interval: Duration = .seconds(60 * 60)

    package init(
        store: any Store, channels: @escaping @Sendable (ChannelKind) -> (any Channel)?, helpdesk: any Helpdesk,
        http: any HTTPSender, time: RelayTime = .system, logger: Logger
    ) {
        self.store = store
        self.channels = channels
        self.helpdesk = helpdesk
        self.http = http
        self.time = time
        self.logger = logger
    }

    /// Asks until the service group shuts down.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            repeat { await ask() } while (try? await time.sleep(Self.interval)) != nil
        }
    }

    /// Asks once, but begins no check after this: for plain CGI and `byoc relay --for`.
    package func run(for limit: Duration) async {
        await ask(until: time.now().adding(limit))
    }

    private func ask(until end: Date = .distantFuture) async {
        do {
            let directory = try await store.currentDirectory()
            for account in directory.channelAccounts where account.identity == nil {
                guard !Task.isCancelled, time.now() < end else { return }
                await identify(.channel(account))
            }
            for account in directory.helpdeskAccounts where account.identity == nil {
                guard !Task.isCancelled, time.now() < end else { return }
                await identify(.helpdesk(account))
            }
        } catch {
            logger.error("accounts can't be read", metadata: ["error": "\(error)"])
        }
    }

    private func identify(_ account: UsedAccount) async {
        do {
            try await account.identify(
                in: store, channels: channels, helpdesk: helpdesk, over: http, time.now(), logger)
        } catch {
            // What is wrong with it is told by the deliveries, which do something about it.
            logger.notice(
                "account not identified yet", metadata: ["account.id": "\(account.id)", "error": "\(error)"])
        }
    }
}

extension UsedAccount {
    /// Asks the account's service who it is, and writes it down.
    ///
    /// - Throws: what the service or the store refuses.
    func identify(
        in store: any AccountStore, channels: (ChannelKind) -> (any Channel)?, helpdesk: any Helpdesk,
        over http: any HTTPSender, _ now: Date, _ logger: Logger?
    ) async throws {
        let identity: RemoteIdentity?
        switch self {
        case .channel(let account): identity = try await channels(account.kind)?.check(account, over: http).identity
        case .helpdesk(let account): identity = try await helpdesk.check(account, over: http).identity
        }
        guard let identity else { return }
        switch try await store.identify(id, as: identity, now: now) {
        case .alone: logger?.info("account identified", metadata: ["account.id": "\(id)"])
        case .merged(let other):
            logger?.info("account identified", metadata: ["account.id": "\(id)", "merged": "\(other)"])
        case .sharesAddress(let first, let second):
            logger?.error(
                "two installations have the same address of one account; remove one of them",
                metadata: ["account.id": "\(id)", "installation.id": "\(first)", "installation.other": "\(second)"])
        }
    }
}
