import FoundationEssentials
package import RelayCore
import Synchronization

/// A store that forgets everything with the process: for tests of what stands on the port.
///
/// It keeps the same promises as the durable one, which the ``StoreConformance`` suite makes sure of; it has no leases by
/// kernel lock, so a worker lives until it retires or is ended by ``kill(_:)``.
package final class MemoryStore: Store {
    let state = Mutex(MemoryState())
    let bootClock: BootClock

    /// - Parameter bootClock: what leases are measured by.
    package init(bootClock: BootClock = .system) { self.bootClock = bootClock }

    /// Whether a delivery is being made.
    package var hasLeases: Bool { state.withLock { $0.lanes.values.contains { $0.lease != nil } } }

    /// As if the worker's process had ended: the next ``reap(now:)`` frees what it holds.
    package func kill(_ worker: WorkerID) {
        state.withLock { state in
            state.workers.remove(worker)
            state.dead.insert(worker)
        }
    }

    /// What the next ``accept(_:)`` or ``probe()`` throws, and each after it; `nil`: all is well.
    package func refuse(with failure: StoreFailure?) {
        state.withLock { $0.refusal = failure }
    }

    /// All or nothing: each body checks what it can refuse before it changes anything.
    func change<Value>(_ body: (inout MemoryState) throws(StoreFailure) -> Value) throws(StoreFailure) -> Value {
        let result: Result<Value, StoreFailure> = state.withLock { state in
            do throws(StoreFailure) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

/// Everything the store knows.
struct MemoryState {
    struct Lane {
        var wakesOnContact: ContactID?
        var lease: Lease?
    }

    struct Lease {
        var owner: WorkerID
        var fence: Int64
        var until: Duration
        var delivery: DeliveryID
    }

    struct ContactRow {
        var contact: Contact
        var subscriptionAt: Date?
        var written = WrittenProfile()
    }

    struct Conversation {
        var installation: InstallationID
        var contact: ContactID
        var topic: TopicID
        var isResolved = false
        var isCurrent = true
    }

    struct AttemptRow {
        var id: Int64
        var attempt: Attempt
    }

    struct ReceiptRow {
        var receipt: Receipt
        var note: String?
        var wasNoted = false
    }

    /// A name within an installation.
    struct Name: Hashable {
        var installation: InstallationID
        var name: String
    }

    /// A name within an account.
    struct AccountName: Hashable {
        var account: AccountID
        var name: String

        init(_ account: AccountID, _ name: String) {
            self.account = account
            self.name = name
        }

        init(_ account: HelpdeskAccountID, _ conversation: HelpdeskConversationID) {
            self.init(.helpdesk(account), conversation.rawValue)
        }

        init(_ account: HelpdeskAccountID, _ message: HelpdeskMessageID) {
            self.init(.helpdesk(account), message.rawValue)
        }
    }

    struct Place: Hashable {
        var account: ChannelAccountID
        var address: Address
    }

    struct Parked {
        var place: Place
        var arrival: Acceptance.Arrival
        var at: Date
    }

    /// The claim under which a Freshchat user is being created.
    struct UserLock {
        var delivery: DeliveryID
        var fence: Int64
    }

    /// Removed ones, too. The accounts in them are as they were when it was last saved; see ``present``.
    var installations: [Installation] = []
    /// In the order in which they were made, as `helpdesks`.
    var channels: [ChannelAccount] = []
    var helpdesks: [HelpdeskAccount] = []
    /// Where an installation is or was.
    var places: Set<Place> = []
    var parked: [Parked] = []
    var contacts: [ContactID: ContactRow] = [:]
    var conversations: [AccountName: Conversation] = [:]
    var userLocks: [AccountName: UserLock] = [:]
    var watches: [Name: Watch] = [:]
    var pollPace: [InstallationID: Date] = [:]
    var profilePace: [InstallationID: Date] = [:]
    var deliveries: [DeliveryID: Delivery] = [:]
    var lanes: [OrderingKey: Lane] = [:]
    var attempts: [AttemptRow] = []
    var decisions: [DeliveryID: [DeliveryDecision]] = [:]
    /// What the last note about a delivery's death was for.
    var noted: [DeliveryID: String] = [:]
    var channelMessages: [Name: DeliveryID] = [:]
    var helpdeskMessages: [AccountName: DeliveryID] = [:]
    var receipts: [Name: ReceiptRow] = [:]
    /// Each with when it was taken in.
    var dedupe: [AccountName: Date] = [:]
    /// Of Freshchat's messages whose deliveries are removed.
    var pastMessages: [AccountName: PastMessage] = [:]
    /// When the next sweep may begin.
    var sweepRestsUntil: Date?
    var gates: [GateScope: Date] = [:]
    var breakers: [AccountID: Breaker] = [:]
    /// Of the wall clock before the boot clock, in seconds, when it was last looked at.
    var clockLead: Double?
    var agents: [Name: (name: String?, at: Date)] = [:]
    var workers: Set<WorkerID> = []
    var dead: Set<WorkerID> = []
    var refusal: StoreFailure?
    var figures = MemoryFigures()
    var counter: Int64 = 0

    /// A number that was never given before.
    mutating func next() -> Int64 {
        counter += 1
        return counter
    }

    // MARK: Lanes

    mutating func enqueue(
        _ payload: Payload, of installation: InstallationID, _ direction: Direction, key: OrderingKey,
        contact: ContactID?, source: ReplySource? = nil, now: Date
    ) -> DeliveryID {
        let id = DeliveryID(rawValue: next())
        deliveries[id] = Delivery(
            id: id, installation: installation, direction: direction, orderingKey: key, contact: contact,
            payload: payload, state: .waiting, acceptedAt: now, nextAttemptAt: now, source: source)
        if !isUndecided(deliveries[id]) { figures.add(.accepted, Flow(installation, direction)) }
        if lanes[key] == nil { lanes[key] = Lane() }
        return id
    }

    mutating func enqueueNote(_ note: NoteDraft, of installation: InstallationID, contact: ContactID?, now: Date) {
        _ = enqueue(
            .note(text: note.text, conversation: note.conversation), of: installation, .inbound,
            key: OrderingKey("note/\(installation)/\(note.conversation)"), contact: contact, now: now)
        figures.add(.notesAccepted, Flow(installation, .inbound))
    }

    func head(of key: OrderingKey) -> Delivery? {
        deliveries.values.filter { $0.orderingKey == key && $0.state == .waiting }.min { $0.id < $1.id }
    }

    mutating func freeLane(_ key: OrderingKey, waking: (delivery: DeliveryID, contact: ContactID)? = nil) {
        guard let head = head(of: key) else {
            lanes[key] = nil
            return
        }
        lanes[key]?.lease = nil
        lanes[key]?.wakesOnContact = waking?.delivery == head.id ? waking?.contact : nil
    }

    /// Whether it is a reply whose installation isn't known yet. It counts as accepted once that is known, or when it is
    /// discarded.
    func isUndecided(_ delivery: Delivery?) -> Bool {
        delivery.map { $0.direction == .outbound && undecidedAccount(of: $0) != nil } ?? false
    }

    /// The helpdesk account whose delivery it is, as long as its installation isn't known.
    func undecidedAccount(of delivery: Delivery) -> HelpdeskAccount? {
        let isInstallations = installations.contains { $0.id == delivery.installation }
        return isInstallations ? nil : helpdesks.first { $0.id.rawValue == delivery.installation.rawValue }
    }

    /// Whose API it takes to make it.
    func side(of delivery: Delivery) -> Side {
        undecidedAccount(of: delivery) == nil ? delivery.direction.side : .helpdesk
    }

    /// The account that it takes; `nil` when its installation is gone.
    func account(of delivery: Delivery, on side: Side? = nil) -> AccountID? {
        if let account = undecidedAccount(of: delivery) { return .helpdesk(account.id) }
        return live(delivery.installation)?.account(of: side ?? delivery.direction.side)
    }

    /// Until when its gate is closed; `nil` when nothing is sent there, or its installation is gone.
    func gate(of delivery: Delivery) -> Date? {
        if let account = undecidedAccount(of: delivery) {
            return account.state == .active ? gates[.account(.helpdesk(account.id))] ?? .distantPast : nil
        }
        return gate(delivery.installation, delivery.direction.side)
    }

    /// Until when the gate of an installation is closed; `nil` when nothing is sent there, or it is gone.
    func gate(_ installation: InstallationID, _ side: Side) -> Date? {
        guard let installation = live(installation), installation.sends(to: side) else { return nil }
        return closedUntil(installation.scopes(to: side)) ?? .distantPast
    }

    func closedUntil(_ scopes: [GateScope]) -> Date? { scopes.compactMap { gates[$0] }.max() }

    mutating func doubtOpenAttempts(of delivery: DeliveryID, now: Date) {
        for index in attempts.indices
        where attempts[index].attempt.delivery == delivery && attempts[index].attempt.outcome == nil {
            attempts[index].attempt.outcome = .inDoubt
            attempts[index].attempt.finishedAt = now
            attempts[index].attempt.detail = "the worker ended, or took too long"
            if let row = deliveries[delivery] { figures.add(.inDoubt, Flow(row.installation, row.direction)) }
            if deliveries[delivery]?.state == .waiting {
                doubt(delivery, since: attempts[index].attempt.startedAt)
            }
        }
    }

    mutating func doubt(_ delivery: DeliveryID, since: Date) {
        let earlier = deliveries[delivery]?.doubtSince ?? since
        deliveries[delivery]?.doubtSince = min(earlier, since)
    }

    /// - Returns: how many leases there were.
    mutating func freeLeases(now: Date, where isOver: (Lease) -> Bool) -> Int {
        let keys = lanes.filter { $0.value.lease.map(isOver) ?? false }.keys
        for key in keys {
            if let delivery = lanes[key]?.lease?.delivery { doubtOpenAttempts(of: delivery, now: now) }
            freeLane(key)
        }
        return keys.count
    }

    mutating func startAttempt(of delivery: Delivery, by worker: WorkerID, now: Date) -> Int64 {
        let id = next()
        let attempt = Attempt(
            delivery: delivery.id, piece: delivery.progress, worker: worker, startedAt: now, finishedAt: nil,
            outcome: nil, detail: "")
        attempts.append(AttemptRow(id: id, attempt: attempt))
        return id
    }

    /// Nothing was sent, so the claim was no attempt.
    mutating func strikeOutAttempt(of claim: Claim) { attempts.removeAll { $0.id == claim.attempt } }

    mutating func endAttempt(_ id: Int64, _ outcome: Attempt.Outcome, detail: String, now: Date) {
        guard let index = attempts.firstIndex(where: { $0.id == id }) else { return }
        attempts[index].attempt.outcome = outcome
        attempts[index].attempt.finishedAt = now
        attempts[index].attempt.detail = detail
    }

    func contact(_ id: ContactID) -> Contact? {
        guard var contact = contacts[id]?.contact else { return nil }
        let installation = installations.first { $0.id == contact.installation }
        let current = conversations.first { name, row in
            row.contact == id && row.isCurrent && row.topic == installation?.topic
                && name.account == installation.map { .helpdesk($0.helpdesk.id) }
        }
        contact.conversation = current.map { HelpdeskConversationID($0.key.name) }
        contact.isResolved = current?.value.isResolved ?? false
        return contact
    }
}
