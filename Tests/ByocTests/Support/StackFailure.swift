/// Why a test's surroundings could not be set up, or what it waited for in vain.
struct StackFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
