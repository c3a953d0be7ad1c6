/// Two accounts turn out to be one: the older stays, and loses nothing of what works.
///
/// The account that was just checked has proved its credentials. They become the present ones, whichever of the two stays.
extension ChannelAccount {
    /// - Parameter isProven: whether the other's credentials are the ones that were just checked.
    package func merging(_ other: ChannelAccount, isProven: Bool) -> ChannelAccount {
        var merged = isProven ? other : self
        merged.id = id
        merged.identity = identity ?? other.identity
        merged.endpoints = endpoints.adopting(other.endpoints)
        return merged
    }
}

extension HelpdeskAccount {
    /// - Parameter isProven: whether the other's credentials are the ones that were just checked.
    package func merging(_ other: HelpdeskAccount, isProven: Bool) -> HelpdeskAccount {
        let (proven, second) = isProven ? (other, self) : (self, other)
        var merged = proven
        merged.id = id
        merged.identity = identity ?? other.identity
        merged.textLimit = textLimit
        merged.endpoints = endpoints.adopting(other.endpoints)
        let tokens = [proven.token] + proven.spareTokens + [second.token] + second.spareTokens
        merged.spareTokens = Array(tokens.withoutRepeats.dropFirst())
        let keys = (proven.publicKeys + second.publicKeys).withoutRepeats
        merged.webhookPublicKey = keys.first ?? ""
        merged.sparePublicKeys = Array(keys.dropFirst())
        return merged
    }

    /// Its token was refused: the next spare takes its place.
    ///
    /// - Returns: whether there was one.
    package mutating func takeSpareToken() -> Bool {
        guard !spareTokens.isEmpty else { return false }
        token = spareTokens.removeFirst()
        return true
    }
}

extension Array where Element: Hashable {
    fileprivate var withoutRepeats: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
