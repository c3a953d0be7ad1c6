/// An address that an installation can be made for.
package struct AddressOffer: Hashable, Sendable {
    package var address: Address
    /// As people know it: "+30 210 1234567"; `nil` for ``Address/only``.
    package var name: String?

    package init(_ address: Address, name: String? = nil) {
        self.address = address
        self.name = name
    }
}
