/// The messages as a person looks for them, page by page. No page costs more than a bounded look, however many there are.
package protocol MessageBrowsing: Sendable {
    /// One page, newest first.
    func messages(_ query: MessageQuery) async throws(StoreFailure) -> MessagePage

    /// One of them; `nil`: there is none by that id.
    func message(_ id: DeliveryID) async throws(StoreFailure) -> BrowsedMessage?

    /// The removed installations whose messages are still kept, in the order in which they were made.
    func removedInstallations() async throws(StoreFailure) -> [RemovedInstallation]
}

/// The remains of an installation that was removed.
package struct RemovedInstallation: Hashable, Sendable {
    package var id: InstallationID
    package var name: String
    package var channel: ChannelKind

    package init(id: InstallationID, name: String, channel: ChannelKind) {
        self.id = id
        self.name = name
        self.channel = channel
    }
}

/// Which messages. What isn't set leaves nothing out.
package struct MessageQuery: Hashable, Sendable {
    /// Where a page lies. By key and not by number, so that what comes in between two pages shifts nothing.
    package enum Place: Hashable, Sendable {
        case newest
        /// The next older ones.
        case before(DeliveryID)
        /// The next newer ones.
        case after(DeliveryID)
    }

    /// How a message stands, as a person asks for it.
    package enum Standing: String, Hashable, Sendable, CaseIterable {
        /// Those in doubt among them.
        case waiting
        /// Of those that wait.
        case inDoubt = "in_doubt"
        case held, dead, delivered, discarded

        /// The state that goes with it.
        package var state: Delivery.State {
            switch self {
            case .waiting, .inDoubt: .waiting
            case .held: .held
            case .dead: .dead
            case .delivered: .delivered
            case .discarded: .discarded
            }
        }

        package func includes(_ delivery: Delivery) -> Bool {
            delivery.state == state && (self != .inDoubt || delivery.doubtSince != nil)
        }
    }

    package var standing: Standing?
    package var installation: InstallationID?
    package var channel: ChannelKind?
    package var direction: Direction?
    /// The customer's id on the channel or in Freshchat, whole, else a part of a name; empty: anybody.
    package var contact: String
    /// A part of what the message says, in upper or lower case; empty: anything.
    package var text: String
    package var place: Place
    package var limit: Int
    /// No more rows are looked at for one page.
    package var lookLimit: Int

    /// So many contacts of a name are followed.
    package static let contactLimit = 20

    package init(
        standing: Standing? = nil, installation: InstallationID? = nil, channel: ChannelKind? = nil,
        direction: Direction? = nil, contact: String = "", text: String = "", place: Place = .newest, limit: Int = 50,
        lookLimit: Int = 50_000
    ) {
        self.standing = standing
        self.installation = installation
        self.channel = channel
        self.direction = direction
        self.contact = contact
        self.text = text
        self.place = place
        self.limit = limit
        self.lookLimit = lookLimit
    }

    /// Whether a text holds another, in upper or lower case.
    package static func text(_ text: String, holds part: String) -> Bool {
        part.isEmpty || text.lowercased().contains(part.lowercased())
    }
}

/// A message with whom it is from or for.
package struct BrowsedMessage: Hashable, Sendable {
    package var delivery: Delivery
    package var contact: Contact?

    package init(delivery: Delivery, contact: Contact?) {
        self.delivery = delivery
        self.contact = contact
    }
}

/// What one look found.
package struct MessagePage: Hashable, Sendable {
    /// Newest first.
    package var messages: [BrowsedMessage] = []
    /// Where older ones are; `nil`: there are none.
    package var older: MessageQuery.Place?
    /// Where newer ones are; `nil`: this is the newest page.
    package var newer: MessageQuery.Place?
    /// The look ended here, before its page was full, after so many rows: there may be more behind. `nil`: it didn't.
    package var lookedThrough: Int?
    /// More contacts have that name than were followed.
    package var hasMoreContacts = false

    package init() {}

    /// - Parameters:
    ///   - found: in the order of the look, one more than the page takes when there is more.
    ///   - cut: the last row that was looked at, when the look had to end before its time.
    package init(_ found: [BrowsedMessage], of query: MessageQuery, cut: DeliveryID?, looked: Int) {
        let shown = Array(found.prefix(query.limit))
        let onward: DeliveryID? =
            if shown.count == query.limit {
                found.count > query.limit || cut != nil ? shown.last?.delivery.id : nil
            } else {
                cut
            }
        if cut != nil, shown.count < query.limit { lookedThrough = looked }
        switch query.place {
        case .newest:
            messages = shown
            older = onward.map { .before($0) }
        case .before(let id):
            messages = shown
            older = onward.map { .before($0) }
            newer = .after(shown.first?.delivery.id ?? DeliveryID(rawValue: max(id.rawValue, .min + 1) - 1))
        case .after(let id):
            messages = shown.reversed()
            newer = onward.map { .after($0) }
            older = .before(messages.last?.delivery.id ?? DeliveryID(rawValue: min(id.rawValue, .max - 1) + 1))
        }
    }
}
