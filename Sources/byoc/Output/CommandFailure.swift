/// A command didn't succeed. Only this text is shown, nothing of the program's insides.
struct CommandFailure: Error, CustomStringConvertible {
    /// What was wrong, with the value.
    var problem: String
    /// One line for each thing that was wrong, if it was more than one.
    var details: [String]
    /// What to do about it.
    var remedy: String?
    var exitCode = Self.failed

    static let failed: Int32 = 1
    /// `EX_USAGE`: the command line names something that doesn't exist in this version, as the parser's own errors do.
    static let usage: Int32 = 64
    /// `EX_CONFIG`: the settings can't be read.
    static let configuration: Int32 = 78

    init(_ problem: String, details: [String] = [], remedy: String? = nil, exitCode: Int32 = Self.failed) {
        self.problem = problem
        self.details = details
        self.remedy = remedy
        self.exitCode = exitCode
    }

    /// Foreign words stay within their line: a line break in them can't pass for another line of ours.
    var description: String {
        ([problem] + details.map { "  \($0)" } + [remedy].compactMap(\.self)).map(\.printableOnOneLine)
            .joined(separator: "\n")
    }
}
