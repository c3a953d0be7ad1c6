/// A command didn't succeed. What is shown is this text and nothing of the program's insides.
struct CommandFailure: Error, CustomStringConvertible {
    /// What was wrong, with the value.
    var problem: String
    /// What to do about it.
    var remedy: String?

    init(_ problem: String, remedy: String? = nil) {
        self.problem = problem
        self.remedy = remedy
    }

    var description: String { [problem, remedy].compactMap(\.self).joined(separator: "\n") }
}
