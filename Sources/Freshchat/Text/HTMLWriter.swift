import CGumbo
import RelayCore

/// Writes HTML as text: a line for each block, bullets and numbers, bars between cells, and the addresses of links and
/// pictures.
struct HTMLWriter {
    private(set) var result = ""

    /// Whether white space stays as typed. Otherwise it becomes one space, and none at a line's ends.
    private let keepsSpace: Bool
    private var preserving = 0
    private var gap = Gap.none
    private var line = Line.empty
    private var lists: [HTMLList] = []
    private var rows: [Row] = []
    private var link: (address: WrittenAddress, start: Int)?

    /// The line breaks or spaces due before the next word.
    private enum Gap { case none, space, cell, line }
    /// The content of the current line.
    private enum Line {
        case empty
        /// A bullet or a number. A block after it doesn't begin a new line.
        case bullet
        case text
    }
    private struct Row {
        /// Where it begins in the result.
        var start: Int
        var hasCells = false
    }

    init(keepsSpace: Bool) { self.keepsSpace = keepsSpace }

    // MARK: Texts

    mutating func write(_ text: String) {
        if keepsSpace || preserving > 0 {
            guard !text.isEmpty else { return }
            fillGap()
            append(text)
            line = text.utf8.last == UInt8(ascii: "\n") ? .empty : .text
            return
        }
        var rest = text.utf8[...]
        while let first = rest.first {
            if first.isHTMLSpace {
                rest = rest.drop(while: \.isHTMLSpace)
                if line == .text, gap == .none { gap = .space }
            } else {
                let word = rest.prefix { !$0.isHTMLSpace }
                rest = rest[word.endIndex...]
                fillGap()
                append(String(Substring(word)))
                line = .text
            }
        }
    }

    /// Words of ours in the agent's text.
    private mutating func write(words: String) {
        fillGap()
        append(words)
        line = .text
    }

    private mutating func append(_ text: String) {
        // On a phone, a non-breaking space is a space.
        guard text.unicodeScalars.contains("\u{A0}") else {
            result += text
            return
        }
        for scalar in text.unicodeScalars { result.unicodeScalars.append(scalar == "\u{A0}" ? " " : scalar) }
    }

    private mutating func fillGap() {
        switch gap {
        case .none: break
        case .space: result += " "
        case .cell: result += " | "
        case .line: endLine()
        }
        gap = .none
    }

    private mutating func endLine() {
        if preserving == 0, !keepsSpace { while result.utf8.last == UInt8(ascii: " ") { result.removeLast() } }
        result += "\n"
        line = .empty
        gap = .none
    }

    /// A block begins or ends.
    private mutating func breakLine() {
        if line == .text { gap = .line } else if gap == .space { gap = .none }
    }

    // MARK: Elements

    /// - Returns: whether what is in it is shown.
    mutating func enter(_ element: HTMLElement) -> Bool {
        if Self.isHidden(element) { return false }
        switch element.tag {
        case GUMBO_TAG_BR where !rows.isEmpty:
            // It would split the row: editors put one into each empty cell.
            if line == .text, gap == .none { gap = .space }
        case GUMBO_TAG_BR:
            if gap == .line { endLine() }
            endLine()
        case GUMBO_TAG_IMG, GUMBO_TAG_IMAGE:
            picture(element)
        case GUMBO_TAG_VIDEO, GUMBO_TAG_AUDIO, GUMBO_TAG_IFRAME, GUMBO_TAG_EMBED, GUMBO_TAG_OBJECT:
            // Their content is for browsers that can't show them.
            let source = element.attribute(element.tag == GUMBO_TAG_OBJECT ? "data" : "src")
            if let address = source.flatMap(WrittenAddress.init), address.isOfTheWeb { write(words: address.text) }
            return false
        case GUMBO_TAG_A:
            link = element.attribute("href").flatMap(WrittenAddress.init).map { ($0, result.utf8.count) }
        case GUMBO_TAG_UL, GUMBO_TAG_MENU, GUMBO_TAG_DIR, GUMBO_TAG_OL:
            breakLine()
            lists.append(HTMLList(element))
        case GUMBO_TAG_LI:
            beginItem(element)
        case GUMBO_TAG_TR:
            breakLine()
            rows.append(Row(start: result.utf8.count))
        case GUMBO_TAG_TD, GUMBO_TAG_TH:
            beginCell()
        case GUMBO_TAG_PRE, GUMBO_TAG_LISTING, GUMBO_TAG_XMP, GUMBO_TAG_PLAINTEXT, GUMBO_TAG_TEXTAREA:
            breakLine()
            preserving += 1
        case let tag where Self.blocks.contains(tag.rawValue):
            breakLine()
        default:
            break
        }
        return true
    }

    mutating func leave(_ element: HTMLElement) {
        switch element.tag {
        case GUMBO_TAG_A:
            closeLink()
        case GUMBO_TAG_UL, GUMBO_TAG_MENU, GUMBO_TAG_DIR, GUMBO_TAG_OL:
            breakLine()
            lists.removeLast()
        case GUMBO_TAG_LI:
            // An empty item has its line too.
            if line == .bullet { line = .text }
            breakLine()
        case GUMBO_TAG_TR:
            // After an empty cell, the line counts as having text.
            if result.utf8.count > rows.removeLast().start, line != .empty { gap = .line }
        case GUMBO_TAG_PRE, GUMBO_TAG_LISTING, GUMBO_TAG_XMP, GUMBO_TAG_PLAINTEXT, GUMBO_TAG_TEXTAREA:
            breakLine()
            preserving -= 1
        case let tag where Self.blocks.contains(tag.rawValue):
            breakLine()
        default:
            break
        }
    }

    private mutating func beginItem(_ element: HTMLElement) {
        breakLine()
        if gap == .cell { gap = .line }
        fillGap()
        if line == .bullet { endLine() }
        result += String(repeating: "  ", count: min(max(lists.count - 1, 0), 8))
        if lists.isEmpty { result += "• " } else { result += lists[lists.count - 1].nextBullet(element) }
        line = .bullet
    }

    private mutating func beginCell() {
        guard let row = rows.last else { return breakLine() }
        guard row.hasCells else {
            rows[rows.count - 1].hasCells = true
            return
        }
        // Blocks of the previous cell don't end the line. An empty previous cell needs no bar.
        if result.utf8.count > row.start { gap = line == .empty && gap == .none ? .none : .cell }
        if line == .text { line = .bullet }
    }

    private mutating func picture(_ element: HTMLElement) {
        if let address = element.attribute("src").flatMap(WrittenAddress.init), address.isOfTheWeb {
            return write(words: address.text)
        }
        let words = element.attribute("alt")?.asName
        write(words: words ?? "🖼 Picture")
    }

    /// Adds the address after the link's words, unless the words are the address.
    private mutating func closeLink() {
        guard let (address, start) = link else { return }
        link = nil
        let words = String(decoding: result.utf8.dropFirst(start), as: UTF8.self).trimmingWhiteSpace()
        if words.isBlank {
            write(words: address.text)
        } else if !address.isSaid(by: words) {
            result += " (\(address.text))"
        }
    }

    // MARK: What elements are

    /// Whether an element makes lines, so that the source's line breaks don't count.
    static func makesLines(_ tag: GumboTag) -> Bool {
        switch tag {
        case GUMBO_TAG_BR, GUMBO_TAG_UL, GUMBO_TAG_MENU, GUMBO_TAG_DIR, GUMBO_TAG_OL, GUMBO_TAG_LI, GUMBO_TAG_TR,
            GUMBO_TAG_PRE, GUMBO_TAG_LISTING, GUMBO_TAG_XMP, GUMBO_TAG_PLAINTEXT, GUMBO_TAG_TEXTAREA:
            true
        default: blocks.contains(tag.rawValue)
        }
    }

    private static let blocks = Set(
        [
            GUMBO_TAG_P, GUMBO_TAG_DIV, GUMBO_TAG_BLOCKQUOTE, GUMBO_TAG_H1, GUMBO_TAG_H2, GUMBO_TAG_H3, GUMBO_TAG_H4,
            GUMBO_TAG_H5, GUMBO_TAG_H6, GUMBO_TAG_TABLE, GUMBO_TAG_CAPTION, GUMBO_TAG_HR, GUMBO_TAG_ARTICLE,
            GUMBO_TAG_SECTION, GUMBO_TAG_HEADER, GUMBO_TAG_FOOTER, GUMBO_TAG_ADDRESS, GUMBO_TAG_MAIN, GUMBO_TAG_NAV,
            GUMBO_TAG_ASIDE, GUMBO_TAG_FIGURE, GUMBO_TAG_FIGCAPTION, GUMBO_TAG_FIELDSET, GUMBO_TAG_LEGEND,
            GUMBO_TAG_FORM, GUMBO_TAG_DL, GUMBO_TAG_DT, GUMBO_TAG_DD, GUMBO_TAG_CENTER, GUMBO_TAG_DETAILS,
            GUMBO_TAG_SUMMARY, GUMBO_TAG_HGROUP, GUMBO_TAG_OPTION,
        ].map(\.rawValue))

    private static let hidden = Set(
        [
            GUMBO_TAG_HEAD, GUMBO_TAG_TITLE, GUMBO_TAG_STYLE, GUMBO_TAG_SCRIPT, GUMBO_TAG_NOSCRIPT, GUMBO_TAG_TEMPLATE,
            GUMBO_TAG_NOEMBED, GUMBO_TAG_NOFRAMES, GUMBO_TAG_RP, GUMBO_TAG_DATALIST,
        ].map(\.rawValue))

    private static func isHidden(_ element: HTMLElement) -> Bool {
        // Word's own elements.
        if hidden.contains(element.tag.rawValue) || element.isUnknown(named: "xml") { return true }
        if element.attribute("hidden") != nil { return true }
        guard let style = element.attribute("style") else { return false }
        let words = style.lowercased().filter { !$0.isWhitespace }
        return words.contains("display:none") || words.contains("visibility:hidden")
    }
}
