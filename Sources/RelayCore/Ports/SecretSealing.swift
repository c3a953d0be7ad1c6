package import FoundationEssentials

/// Seals secrets before a store writes them, and opens them after it has read them. Stores see no key.
package protocol SecretSealing: Sendable {
    /// Names the key without giving it away, in eight characters. Stores keep it beside what they had sealed.
    var id: String { get }

    /// Encrypts and authenticates. The same secret never gives the same bytes twice.
    ///
    /// - Parameter context: what the secret belongs to. It opens only with the same, so that nobody can swap two rows.
    func seal(_ clear: Data, context: String) throws(StoreFailure) -> Data

    /// - Returns: `nil` if it was sealed with another key or for another context, or was changed.
    func open(_ sealed: Data, context: String) -> Data?
}
