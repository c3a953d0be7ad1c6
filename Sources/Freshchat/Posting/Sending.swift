import FoundationEssentials
import HTTPTypes
import RelayCore

/// Posts a message and checks that the response contains it, with its id (freshchat.md §1.10).
extension FreshchatClient {
    /// Posts a message.
    ///
    /// - Parameters:
    ///   - conversation: the conversation in the path: its id or its number.
    ///   - name: the conversation's id in Freshchat's responses; `nil` if it is the same.
    ///   - isKnown: whether an id belongs to another message.
    /// - Returns: its id.
    /// - Throws: a failure in doubt if the response doesn't confirm the message.
    func post(
        _ message: NewMessage, to conversation: HelpdeskConversationID, named name: HelpdeskConversationID? = nil,
        isKnown: KnownMessages
    ) async throws(APIFailure) -> HelpdeskMessageID {
        let path = "/conversations/" + conversation.pathSegment + "/messages"
        let (title, sentAt) = ("POST \(path)", now())
        let reply = try await call(.post, path, body: Self.encode(message), carriesMessage: true)
        guard let answer = JSONFields(reply.body).flatMap({ $0.isError ? nil : MessageObject($0) }), let id = answer.id
        else { throw unkept(reply, call: title, carriesMessage: true) }
        if let words = answer.failure { throw APIFailure(failed: words, call: title, token: account.token) }

        do throws(APIFailure) {
            let isSame = message.says(answer.text)
            let isHere = answer.mayBe(in: conversation) || name.map { answer.mayBe(in: $0) } ?? false
            let isOld = answer.createdAt.map { $0 < lookupStart(sentAt) } ?? false
            if isHere, isSame, !isOld { return id }
            let isOthers = try await known(id, isKnown)
            if isHere, !isOthers, isSame || answer.text.isEmpty { return id }
            // The response is about another message, or Freshchat has changed this one: the conversation shows which.
            let list: [MessageObject]
            do throws(APIFailure) {
                let start = min(lookupStart(sentAt), answer.createdAt ?? .distantFuture)
                list = try await messages(in: conversation, from: start) ?? []
            } catch {
                // If the conversation can't be read, a change by Freshchat is more likely.
                guard isHere, !isOthers else { throw error }
                return id
            }
            if !isOthers, list.contains(where: { $0.id == id && $0.failure == nil && message.isOfKind($0) }) {
                return id
            }
            if let found = try await first(message, in: list, from: lookupStart(sentAt), isKnown: isKnown) {
                return found
            }
        } catch {
            // It was posted, whatever failed afterwards.
            var failure = error
            failure.failure.isCertain = false
            throw failure
        }
        throw unkept(reply, call: title, carriesMessage: true, found: "another message")
    }

    func known(_ id: HelpdeskMessageID, _ isKnown: KnownMessages) async throws(APIFailure) -> Bool {
        do { return try await isKnown(id) } catch { throw APIFailure(failure: error) }
    }

    /// Checks whether an earlier attempt's message has arrived in a conversation.
    func trace(
        of message: NewMessage, in conversation: HelpdeskConversationID, since: Date, isKnown: KnownMessages
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        var start = lookupStart(since)
        var found = try await messages(in: conversation, from: start)
        // Only now can byoc know the difference between Freshchat's clock and ours.
        let corrected = lookupStart(since)
        if abs(corrected.timeIntervalSince(start)) > Self.clockTolerance {
            start = corrected
            found = try await messages(in: conversation, from: start)
        }
        return try await first(message, in: found ?? [], from: start, isKnown: isKnown)
    }

    /// The first message that matches and belongs to no other delivery.
    private func first(
        _ message: NewMessage, in list: [MessageObject], from start: Date, isKnown: KnownMessages
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        let text = SentText(message.text)
        for found in list {
            guard let id = found.id, found.failure == nil, message.isOfKind(found), text.isSame(as: found.text),
                // A server that ignores `from_time` returns everything.
                found.createdAt.map({ $0 >= start }) ?? true
            else { continue }
            if try await !known(id, isKnown) { return id }
        }
        return nil
    }
}

extension MessageObject {
    /// Whether it doesn't name another conversation. An id and a number can't be compared, because accounts use both for one
    /// conversation (freshchat.md §1.6).
    fileprivate func mayBe(in other: HelpdeskConversationID) -> Bool {
        guard let conversation else { return true }
        return conversation == other || conversation.isNumber != other.isNumber
    }
}

extension HelpdeskConversationID {
    fileprivate var isNumber: Bool { rawValue.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } }
}
