import FoundationEssentials
import RelayCore

/// What an agent wrote, as the customer is to read it.
enum AgentText {
    /// Makes plain text of a message that was written in a rich text editor.
    ///
    /// A text part may hold simple HTML (freshchat.md §1.10), and nothing in the payload says whether it does. The two
    /// mistakes don't weigh the same: tags that are shown are ugly, but a price list that loses "<b>" or an "&amp;" that
    /// was meant is wrong. So a text counts as HTML only when it has a whole tag of those that such editors make, `<br>`,
    /// `<b>`, `<a href=…>` and the like; then its tags become lines, bullets and links in words, and its entities
    /// characters. Any other text is left exactly as it is: "1 < 2 & 3", "<3", "List<Int>", also a lone "&amp;".
    static func plain(_ text: String) -> String {
        guard isHTML(text) else { return text }
        var writer = Writer()
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            writer.write(HTMLText.resolvingEntities(in: String(rest[..<start])))
            rest = rest[start...]
            if let tag = HTMLText.Tag(at: rest), knownTags.contains(tag.name) {
                writer.write(tag)
                rest = rest[tag.end...]
            } else {
                writer.write("<")
                rest = rest.dropFirst()
            }
        }
        writer.write(HTMLText.resolvingEntities(in: String(rest)))
        return writer.result.trimmingWhiteSpace()
    }

    private static let lineTags: Set<String> = [
        "p", "div", "ul", "ol", "li", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "table", "tr", "hr",
    ]
    private static let knownTags: Set<String> = lineTags.union([
        "br", "b", "i", "u", "s", "em", "strong", "strike", "del", "ins", "a", "span", "font", "code", "small", "sub",
        "sup", "img", "tbody", "thead", "td", "th", "html", "body", "head",
    ])

    private static func isHTML(_ text: String) -> Bool {
        guard text.utf8.contains(UInt8(ascii: "<")) else { return false }
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            rest = rest[start...]
            if let tag = HTMLText.Tag(at: rest), knownTags.contains(tag.name) { return true }
            rest = rest.dropFirst()
        }
        return false
    }

    /// Collects the plain text and knows where its lines are.
    private struct Writer {
        var result = ""
        /// Behind a tag that ends a line, the source's own line end says nothing more.
        private var hasJustBroken = false
        private var openLink: (url: String, start: Int)?
        private var lists: [Int?] = []

        mutating func write(_ text: String) {
            var text = text[...]
            if hasJustBroken, let first = text.first, first.isNewline { text = text.dropFirst() }
            guard !text.isEmpty else { return }
            result += text
            hasJustBroken = false
        }

        mutating func write(_ tag: HTMLText.Tag) {
            switch tag.name {
            case "br":
                result += "\n"
                hasJustBroken = true
            case "a":
                tag.isClosing ? closeLink() : openLink(to: tag.attribute("href"))
            case "img":
                if let source = tag.attribute("src") { result += source }
            case "ul", "ol":
                breakLine()
                if tag.isClosing { _ = lists.popLast() } else { lists.append(tag.name == "ol" ? 0 : nil) }
            case "li" where !tag.isClosing:
                breakLine()
                result += nextBullet()
            case "td", "th":
                if tag.isClosing { result += " " }
            case let name where AgentText.lineTags.contains(name):
                breakLine()
            default:
                break
            }
        }

        private mutating func breakLine() {
            if let last = result.last, !last.isNewline { result += "\n" }
            hasJustBroken = true
        }

        private mutating func nextBullet() -> String {
            hasJustBroken = false
            guard let number = lists.last ?? nil else { return "• " }
            lists[lists.count - 1] = number + 1
            return "\(number + 1). "
        }

        private mutating func openLink(to url: String?) {
            closeLink()
            openLink = url.map { ($0, result.utf8.count) }
        }

        /// Adds the address behind the link's words, unless they are the address.
        private mutating func closeLink() {
            guard let link = openLink else { return }
            openLink = nil
            let words = String(decoding: result.utf8.dropFirst(link.start), as: UTF8.self).trimmingWhiteSpace()
            if words.isEmpty {
                result += link.url
            } else if bare(words) != bare(link.url) {
                result += " (\(link.url))"
            }
        }

        private func bare(_ url: String) -> Substring {
            var url = url[...]
            for start in ["https://", "http://", "mailto:", "tel:"] where url.lowercased().hasPrefix(start) {
                url = url.dropFirst(start.count)
                break
            }
            return url.last == "/" ? url.dropLast() : url
        }
    }
}

extension Message {
    /// The parts of a message that an agent or a bot wrote, its texts made plain, blank ones left out.
    init(agentParts parts: [Part], sentAt: Date?) {
        self.init(
            parts: parts.map { part in
                if case .text(let text) = part { .text(AgentText.plain(text)) } else { part }
            }.filter { !$0.isBlank }, sentAt: sentAt)
    }
}
