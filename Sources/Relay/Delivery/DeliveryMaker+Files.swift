import FoundationEssentials
import Logging
import RelayCore

/// When a reply is read again because a file in it isn't there yet: so long after its acceptance, and not once more
/// (freshchat.md §1.10, §8 Q11).
enum FilePatience {
    static let delays: [Duration] = [0.7, 2.2, 5.2, 11.2, 21.2].map { .seconds($0) }
    /// For so long after its acceptance a reply waits for a helpdesk that doesn't answer.
    static let longestOutage: Duration = .seconds(300)
    /// Clocks that were set make no wait longer than this.
    private static let longestWait: Duration = .seconds(10)
    private static let tolerance: Duration = .milliseconds(50)

    /// - Returns: `nil` after the last look.
    static func nextCheck(acceptedAt: Date, now: Date) -> Date? {
        delays.lazy.map { acceptedAt.adding($0) }.first { $0 > now.adding(tolerance) }
            .map { min($0, now.adding(longestWait)) }
    }

    /// Until when to wait before the first look; `nil` if it is time for one.
    static func firstCheck(acceptedAt: Date, now: Date) -> Date? {
        let first = acceptedAt.adding(delays[0])
        return acceptedAt <= now && first > now.adding(tolerance) ? first : nil
    }
}

extension DeliveryMaker {
    /// Gives a reply its files: reads it again until all are there, then keeps it in the form in which it is sent.
    ///
    /// Nothing of it is sent before, so that its pieces stay the same from the first to the last. A file that doesn't come
    /// is replaced by words, and the agent is told.
    ///
    /// - Parameter claim: gets the reply as it is sent.
    /// - Throws: a wait until the next look; a failure of the helpdesk's.
    func completed(
        _ reply: HelpdeskMessage, _ claim: inout Claim, _ desk: HelpdeskAccount?, _ channel: any Channel,
        _ http: any HTTPSender, _ steps: DeliverySteps
    ) async throws(DeliveryFailure) -> HelpdeskMessage {
        // What an older version has begun to send stays as it was begun.
        guard !reply.message.pending.isEmpty, claim.delivery.progress == 0 else { return reply }
        let acceptedAt = claim.delivery.acceptedAt
        if let first = FilePatience.firstCheck(acceptedAt: acceptedAt, now: time.now()) {
            throw waiting(for: reply.message.pending, until: first)
        }
        var found = reply
        if let parts = try await readAgain(reply, acceptedAt: acceptedAt, desk, http) {
            found.message.parts = parts
        }
        let missing = found.message.pending
        guard !missing.isEmpty else { return try await keep(found, note: nil, &claim) }
        if let next = FilePatience.nextCheck(acceptedAt: acceptedAt, now: time.now()) {
            throw waiting(for: missing, until: next)
        }
        found.message.parts = found.message.parts.map { part in
            if case .attachment(let attachment) = part, attachment.isPending { .text(attachment.apology) } else { part }
        }
        logger.warning(
            "file of a reply is not there",
            metadata: [
                "delivery.id": "\(claim.delivery.id)", "installation.id": "\(claim.delivery.installation)",
                "files": "\(missing.count)",
            ])
        let note = NoteDraft(
            text: AgentNote.filesMissing(missing, channel: channel.descriptor.name, helpdesk: helpdesk.name),
            conversation: reply.conversation)
        found = try await keep(found, note: note, &claim)
        steps.record(note, claim)
        return found
    }

    /// The parts of the message as the helpdesk has it now; `nil` if it can't be had any more, or not for too long.
    private func readAgain(
        _ reply: HelpdeskMessage, acceptedAt: Date, _ desk: HelpdeskAccount?, _ http: any HTTPSender
    ) async throws(DeliveryFailure) -> [Part]? {
        guard let desk else { return nil }
        let history: ConversationHistory?
        do {
            // By the helpdesk's clock, and a little more; without its time by ours, and an hour more.
            let start = reply.message.sentAt?.addingTimeInterval(-2) ?? acceptedAt.addingTimeInterval(-3600)
            history = try await helpdesk.messages(
                in: reply.conversation, since: start, account: desk, over: http)
        } catch {
            if error.remedy == .giveUp || acceptedAt.duration(until: time.now()) >= FilePatience.longestOutage {
                return nil
            }
            var failure = error
            failure.side = .helpdesk
            throw failure
        }
        let message = history?.messages.compactMap(\.message).first { $0.id == reply.id }
        guard let message, ReplyFilter.verdict(on: message) == .send else { return nil }
        return message.message.parts
    }

    private func keep(
        _ reply: HelpdeskMessage, note: NoteDraft?, _ claim: inout Claim
    ) async throws(DeliveryFailure) -> HelpdeskMessage {
        do {
            claim = try await store.amend(claim, to: reply, note: note, now: time.now())
        } catch {
            var failure = DeliveryFailure(storing: error)
            // Nothing was sent.
            failure.isCertain = true
            throw failure
        }
        return reply
    }

    private func waiting(for files: [Attachment], until: Date) -> DeliveryFailure {
        DeliveryFailure(
            .wait(until: until), reason: "A file of it isn't there yet",
            detail: "\(helpdesk.name) gives no link so far for \(files.count) of its files")
    }
}
