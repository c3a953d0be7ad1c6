import CGumbo
import FoundationEssentials
import RelayCore

/// An agent's text, as the customer reads it.
enum AgentText {
    /// Converts a message from a rich text editor to plain text.
    ///
    /// A text part may contain simple HTML (freshchat.md §1.10), and nothing in the payload says whether it does. The two
    /// mistakes aren't equally bad: visible tags are ugly, but a price list that loses "<b>" is wrong. So a text counts as
    /// HTML only if it contains a whole tag that such editors create: `<br>`, `<b>`, `<a href=…>` and the like. It then
    /// becomes what a browser shows, with lines, bullets and links in words. Any other text stays as it is: "1 < 2 & 3",
    /// "<3", "List<Int>". Only whole character references are resolved, as Freshworks' own library does.
    ///
    /// Control characters are removed. HTML with thousands of tags is cut, and ends with "[…]".
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

    /// Whether elements make the lines. A text with only `<b>` and the like keeps its lines as typed.
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
    /// The parts of a message by an agent or a bot: as plain text, without blank parts, and without addresses that only the
    /// agent's browser can open.
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
