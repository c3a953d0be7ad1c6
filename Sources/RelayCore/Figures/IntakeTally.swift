package import FoundationEssentials

/// What a process has counted of webhooks and not yet written into the store.
package struct IntakeTally: Sendable {
    package var acknowledgements: [Flow: Histogram] = [:]
    package var signatures: [Flow: SignatureTally] = [:]
    /// When the last webhook came that was answered with success.
    package var lastAt: [Flow: Date] = [:]
    /// When Freshchat last told something that is about the installation, whichever installation's URL it came by.
    package var heardAt: [InstallationID: Date] = [:]
    /// Events that another account's webhook brought for the installation.
    package var foreign: [Flow: Int64] = [:]

    package init() {}

    package var isEmpty: Bool { acknowledgements.isEmpty && signatures.isEmpty && foreign.isEmpty && heardAt.isEmpty }

    /// Adds what was counted after this.
    package mutating func add(_ later: IntakeTally) {
        for (flow, histogram) in later.acknowledgements {
            acknowledgements[flow, default: Histogram(.acknowledgement)].add(histogram)
        }
        lastAt.merge(later.lastAt) { max($0, $1) }
        heardAt.merge(later.heardAt) { max($0, $1) }
        foreign.merge(later.foreign) { $0 + $1 }
        for (flow, tally) in later.signatures { signatures[flow, default: SignatureTally()].add(tally) }
    }
}

/// Webhooks that were signed rightly and wrongly, told apart by whether their bodies are plain ASCII: whether Freshchat
/// signs others over the bytes that it sends is not sure (freshchat.md Q21).
package struct SignatureTally: Hashable, Sendable {
    /// Failures without a success between them.
    package struct Row: Hashable, Sendable {
        package var failures: Int64 = 0
        /// Whether a success came before the first of them, so that nothing earlier counts any more.
        package var isFresh = false

        package init() {}

        package mutating func note(isGenuine: Bool) {
            if isGenuine {
                failures = 0
                isFresh = true
            } else {
                failures += 1
            }
        }

        package mutating func add(_ later: Row) {
            failures = later.isFresh ? later.failures : failures + later.failures
            isFresh = isFresh || later.isFresh
        }
    }

    package var ascii = Row()
    package var other = Row()
    /// All failures.
    package var failures: Int64 = 0

    package init() {}

    package mutating func note(isGenuine: Bool, isASCII: Bool) {
        if isASCII { ascii.note(isGenuine: isGenuine) } else { other.note(isGenuine: isGenuine) }
        if !isGenuine { failures += 1 }
    }

    package mutating func add(_ later: SignatureTally) {
        ascii.add(later.ascii)
        other.add(later.other)
        failures += later.failures
    }
}
