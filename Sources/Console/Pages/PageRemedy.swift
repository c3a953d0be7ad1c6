import RelayCore

/// A finding's remedy as the pages offer it: where a page does what a command would do, a link to that page stands in the
/// command's place.
struct PageRemedy: Sendable {
    /// The words in front of the link, else all of them; one or none.
    var text: [String]
    /// One or none.
    var link: [LinkView]

    /// - Parameter remedy: may name a command, such as `byoc resume ID`.
    init(_ remedy: String, of installation: InstallationID?, _ context: PageContext) {
        text = remedy.isEmpty ? [] : [remedy]
        link = []
        guard let command = Self.command(in: remedy),
            let page = Self.page(of: command.words, installation, context)
        else { return }
        let before = String(remedy[..<command.start]).trimmingWhiteSpace()
        text = before.isEmpty ? [] : [before]
        link = [page]
    }

    /// The first command in a text, with where it begins: the words behind `byoc`, up to the end of the sentence.
    private static func command(in text: String) -> (start: String.Index, words: [String])? {
        var search = text.startIndex
        while let found = text[search...].firstRange(of: "byoc ") {
            search = found.upperBound
            // Not the end of another word.
            if found.lowerBound > text.startIndex, text[text.index(before: found.lowerBound)] != " " { continue }
            let rest = text[found.upperBound...].prefix { $0 != "," && $0 != ";" && $0 != "\n" }
            let words = rest.split(separator: " ").map(String.init)
            if let verb = words.first, verbs.contains(verb) { return (found.lowerBound, words) }
        }
        return nil
    }

    private static let verbs: Set = [
        "resume", "register", "set-key", "outbox", "retry", "mark-delivered", "discard", "install", "installation",
        "uninstall",
    ]

    private static func page(of words: [String], _ installation: InstallationID?, _ context: PageContext) -> LinkView? {
        let texts = context.texts
        func own(_ anchor: String) -> String? {
            installation.map { context.settings.link("/installations/\($0)") + "#" + anchor }
        }
        switch words.first {
        case "resume": return own("actions").map { LinkView(label: texts.installation.resume, href: $0) }
        case "register": return own("actions").map { LinkView(label: texts.installation.register, href: $0) }
        case "set-key": return own("credentials").map { LinkView(label: texts.doctor.replaceCredential, href: $0) }
        case "installation":
            return installation.map {
                LinkView(label: texts.move.move, href: context.settings.link("/installations/\($0)/move"))
            } ?? LinkView(label: texts.installations.title, href: context.settings.link("/installations"))
        case "uninstall":
            return installation.map {
                LinkView(label: texts.installation.remove, href: context.settings.link("/installations/\($0)/remove"))
            }
        case "install":
            return LinkView(label: texts.connect.title, href: context.settings.link("/installations/new"))
        default:
            let state = MessageQuery.Standing.allCases.first { words.contains("--\($0.rawValue)") }
            return LinkView(
                label: texts.doctor.viewMessages,
                href: context.settings.link(
                    "/messages", ["state": state?.rawValue ?? "", "installation": installation?.rawValue ?? ""]))
        }
    }
}
