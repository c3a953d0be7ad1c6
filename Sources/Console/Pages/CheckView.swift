import FoundationEssentials
import RelayCore

/// One check of an installation.
struct CheckView: Sendable {
    var label: String
    var badge: BadgeView
    var text: String
    /// One instant or none.
    var time: [TimeView] = []
    /// The link to the page or section that fixes it; none if nothing has to be fixed there.
    var fix: [LinkView] = []
}

/// Checks under one heading.
struct CheckGroup: Sendable {
    var label: String
    var checks: [CheckView]

    /// One group; none without a check.
    static func groups(_ checks: [CheckView], label: String) -> [CheckGroup] {
        checks.isEmpty ? [] : [CheckGroup(label: label, checks: checks)]
    }
}

/// An instant, as `<time>` has it.
struct TimeView: Sendable {
    /// For programs.
    var stamp: String
    /// For people: in UTC, until the script puts it into their own zone. Either names its zone.
    var text: String

    init(_ date: Date) {
        stamp = date.ISO8601Format()
        text = stamp.replacing("T", with: " ").replacing("Z", with: " UTC")
    }
}
