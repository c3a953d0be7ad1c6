import CGumbo
import FoundationEssentials
import RelayCore

/// An agent's text, as the customer reads it.
enum AgentText {
    /// Converts a message from a rich text editor to plain text.
    ///
    /// A text part may hold simple HTML (freshchat.md §1.10), and nothing in the payload says whether it does. The two
    /// mistakes don't weigh the same: tags that are shown are ugly, but a price list that loses "<b>" is wrong. So a text
    /// counts as HTML only when it has a whole tag of those that such editors make, `<br>`, `<b>`, `<a href=…>` and the
    /// like; then it becomes what a browser shows of it, with lines, bullets and links in words. Any other text is left as
    /// it is, "1 < 2 & 3", "<3", "List<Int>"; only whole character references are resolved, which Freshworks' own library
    /// does to a text without tags, too.
    ///
    /// Control characters are left out of both. Of HTML with thousands of tags the end is cut, and "[…]" says so.
    static func plain(_ text: String) -> String {
        let text = text.withoutControlCharacters()
        guard TagScan(text).hasTag(tags) else {
            return CharacterReferences.resolved(in: text).withoutControlCharacters()
        }
        let input = HTMLInput(text)
        let written = HTMLTree.parse(input.bytes) { tree in
            var writer = HTMLWriter(keepsSpace: !hasLines(tree))
            tree.walk(enter: { writer.enter($0) }, text: { writer.write($0) }, leave: { writer.leave($0) })
            return writer.result
        }
        let plain = (written ?? "").withoutControlCharacters().trimmingWhiteSpace()
        return input.isCut ? plain + "\n[…]" : plain
    }

    /// The tags that say that a text is HTML.
    private static let tags: Set<String> = [
        "p", "div", "ul", "ol", "li", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "hr",
        "br", "b", "i", "u", "s", "em", "strong", "strike", "del", "ins", "a", "span", "font", "code", "small", "sub",
        "sup", "img", "tbody", "thead", "td", "th", "html", "body", "head",
    ]

    /// Whether the lines are made by elements. In a text with nothing but `<b>` and the like they are as they were typed.
    private static func hasLines(_ tree: HTMLTree) -> Bool {
        var found = false
        tree.walk(enter: { element in
            found = found || HTMLWriter.makesLines(element.tag)
            return !found
        })
        return found
    }
}

extension Message {
    /// The parts of a message that an agent or a bot wrote, its texts made plain, blank ones left out, and without addresses
    /// that nobody but the agent's browser could open.
    init(agentParts parts: [Part], sentAt: Date?) {
        self.init(
            parts: parts.map { part in
                switch part {
                case .text(let text):
                    return .text(AgentText.plain(text))
                case .link(let url, let label):
                    guard let address = WrittenAddress(url)?.text else { return .text(label ?? "") }
                    return .link(url: address, label: label)
                case .attachment(var attachment):
                    attachment.url = attachment.url.flatMap { WrittenAddress($0)?.text }
                    return .attachment(attachment)
                case .location, .card, .choice, .unsupported:
                    return part
                }
            }.filter { !$0.isBlank }, sentAt: sentAt)
    }
}
