/// One webhook on its way to the peer.
package struct WebhookDelivery: Sendable {
    /// Deliveries of one lane make their first attempts in order, one at a time.
    package var lane: String
    package var side: LogEntry.Side
    /// The name of the event.
    package var name: String
    package var subject: String
    package var reference: String
    /// Where it goes, asked before each attempt; nil drops it.
    package var target: @Sendable () -> String?
    /// The headers besides the content type, made once: repeats carry the same signature.
    package var headers: @Sendable ([UInt8]) -> [(String, String)]
    /// A header that tells the number of the attempt, from 0.
    package var attemptHeader: String?
    package var body: [UInt8]
    package var policy: RetryPolicy
    package var disturbance: Disturbance
    /// Called with each accepted answer's body.
    package var onAccepted: (@Sendable ([UInt8]) -> Void)?
    /// Called when the first attempt has been made, or won't be.
    package var onFirstAttempt: (@Sendable () -> Void)?
}

/// When an attempt counts, and when it is made again.
package struct RetryPolicy: Sendable {
    package var timeoutMilliseconds: Int
    /// The waits before the second, third, … attempt.
    package var waits: [Duration]
    package var accepts: @Sendable (Int) -> Bool
}

/// What goes wrong with one delivery; decided when it is made, so that the dice fall in the order of events.
package struct Disturbance: Sendable {
    package var isDropped = false
    package var isDuplicated = false
    /// Taken out of its lane and sent late.
    package var isReordered = false
    package var delay: Duration = .zero

    package init() {}
}

/// The webhook knobs that both sides have. Probabilities go from 0 to 1.
package struct DisturbanceKnobs: AdjustableSettings, Equatable {
    /// The same bytes and signature are sent again at the same moment.
    package var duplicateProbability = 0.0
    /// The event is held back for `reorderHoldMilliseconds` while later ones pass it.
    package var reorderProbability = 0.0
    package var reorderHoldMilliseconds = 100
    /// The event is never sent.
    package var dropProbability = 0.0
    /// Every event waits so long before it is sent, in order.
    package var delayMilliseconds = 0

    package init() {}

    func roll(_ random: inout SeededRandom) -> Disturbance {
        var result = Disturbance()
        result.isDropped = random.hits(dropProbability)
        result.isDuplicated = random.hits(duplicateProbability)
        result.isReordered = random.hits(reorderProbability)
        result.delay = .milliseconds(result.isReordered ? reorderHoldMilliseconds : delayMilliseconds)
        return result
    }
}
