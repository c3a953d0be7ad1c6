/// A command didn't succeed. Only this text is shown, nothing of the program's insides.
struct CommandFailure: Error, CustomStringConvertible {
    /// What was wrong, with the value.
    var problem: String
    /// One line for each thing that was wrong, if it was more than one.
    var details: [String]
    /// What to do about it.
    var remedy: String?

    init(_ problem: String, details: [String] = [], remedy: String? = nil) {
        self.problem = problem
        self.details = details
        self.remedy = remedy
    }

    /// Foreign words stay within their line: a line break in them can't pass for another line of ours.
    var description: String {
        ([problem] + details.map { "  \($0)" } + [remedy].compactMap(\.self)).map(\.printableOnOneLine)
            .joined(separator: "\n")
    }
}
