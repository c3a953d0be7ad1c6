import HTTPTypes
import RelayCore

/// Writes a customer's changed profile values to their user (freshchat.md §1.7).
///
/// One GET, and one PUT if there is something to write. Where the PUT is refused, the rest is written without what Freshchat
/// doesn't take: a picture, which the contract doesn't name for this call, a phone number that belongs to another contact.
struct ProfileWriting {
    let client: FreshchatClient
    let update: ProfileUpdate
    let channelName: String

    func run() async throws(APIFailure) -> ProfileOutcome {
        do {
            return try await write()
        } catch {
            if error.status == 404 { return .gone }
            throw error.sparingMessages
        }
    }

    private func write() async throws(APIFailure) -> ProfileOutcome {
        let user = try await client.get(path, as: PresentUser.self)
        var change = UserChange(
            from: update.written, to: update.profile, channelName: channelName, at: user)
        if change.isEmpty { return .unchanged }
        var without: [String] = []
        // Accounts that replace all properties would lose them.
        if change.properties != nil, user.properties == nil {
            change.properties = nil
            without = ["properties"]
            if change.isEmpty { throw Self.unreadableProperties }
        }
        do {
            try await put(change)
            return .written(without: without)
        } catch {
            guard error.isRefusal, change.parts.count > 1 else { throw error }
        }
        if change.avatar != nil {
            do {
                try await put(change.withoutAvatar)
                return .written(without: without + ["picture"])
            } catch {
                guard error.isRefusal else { throw error }
            }
        }
        return try await writeParts(of: change, without: without)
    }

    private func writeParts(of change: UserChange, without: [String]) async throws(APIFailure) -> ProfileOutcome {
        var without = without
        var refusal: APIFailure?
        var written = 0
        for part in change.parts {
            do {
                try await put(part.change)
                written += 1
            } catch {
                guard error.isRefusal else { throw error }
                refusal = error
                without.append(part.name)
            }
        }
        if written == 0, let refusal { throw refusal }
        return .written(without: without)
    }

    private static let unreadableProperties = APIFailure(
        failure: DeliveryFailure(
            .giveUp, reason: "User properties weren't updated because the existing ones are unreadable",
            detail: "GET /users/{id}: properties is not a list of names and values"))

    private var path: String { "/users/" + update.user.pathSegment }

    /// The answer is empty, or the user (freshchat.md §1.7). Anything else doesn't say that it was done; the next update finds
    /// out, because it reads the user first.
    private func put(_ change: UserChange) async throws(APIFailure) {
        let reply = try await client.call(.put, path, body: try FreshchatClient.encode(change))
        let isEmpty = reply.body.allSatisfy { [0x09, 0x0A, 0x0D, 0x20, UInt8(ascii: "\"")].contains($0) }
        guard isEmpty || FreshchatClient.read(PresentUser.self, from: reply) != nil else {
            throw client.unkept(reply, call: "PUT \(path)")
        }
    }
}

extension APIFailure {
    /// Freshchat rejected the values, and would again.
    fileprivate var isRefusal: Bool { status != 404 && failure.remedy == .giveUp }

    /// A token may be allowed to write messages but not users. That doesn't pause messages.
    fileprivate var sparingMessages: APIFailure {
        guard status == 402 || status == 403 else { return self }
        var spared = self
        spared.failure.remedy = .giveUp
        return spared
    }
}
