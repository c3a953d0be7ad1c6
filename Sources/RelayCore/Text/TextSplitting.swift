extension String {
    /// Splits a text that is longer than the far side takes. The work is in proportion to the pieces that are made, whatever
    /// the text is made of.
    ///
    /// No piece has more than `limit` units; nothing is lost and no grapheme (an emoji of several code points, a letter
    /// with its accents) is cut, except one that alone is over the limit. A piece ends at the last line end, else the
    /// last space, in its second half; that white space stays at the end of the piece.
    ///
    /// - Parameters:
    ///   - limit: the most units one piece may have; at least 4, as one code point may take that many.
    ///   - unit: how the far side counts. The default counts UTF-16 units, the strictest of the usual ways for people's
    ///     texts, so that a piece is never longer than the limit in characters or code points either.
    ///   - most: the most pieces to make; what is behind them is left out.
    ///   - isWanted: which pieces are given and counted.
    package func split(
        limit: Int, counting unit: TextUnit = .utf16, most: Int = .max,
        where isWanted: (String) -> Bool = { _ in true }
    ) -> [String] {
        var pieces: [String] = []
        var start = startIndex
        while start < endIndex, pieces.count < most {
            let piece = piece(from: start, limit, unit)
            if isWanted(piece) { pieces.append(piece) }
            start = utf8.index(start, offsetBy: piece.utf8.count)
        }
        return pieces
    }

    /// The pieces that a message of this text is sent in: no blank one, and one more than ``Message/mostPieces`` at most, which
    /// tells that it is to be cut.
    package func pieces(limit: Int, counting unit: TextUnit = .utf16) -> [String] {
        split(limit: limit, counting: unit, most: Message.mostPieces + 1) { !$0.isBlank }
    }

    /// The text, or its beginning and an ellipsis, in at most `limit` units.
    package func truncated(to limit: Int, counting unit: TextUnit = .utf16) -> String {
        guard end(of: limit, unit, from: startIndex) < endIndex else { return self }
        var result = ""
        var used = unit.count("…")
        for character in self {
            used += unit.count(Substring(String(character)))
            if used > limit { break }
            result.append(character)
        }
        return result + "…"
    }
}

extension String {
    /// Behind the last code point (or grapheme, where these are counted) within the limit; behind the first one at least.
    private func end(of limit: Int, _ unit: TextUnit, from start: Index) -> Index {
        if unit == .grapheme { return index(start, offsetBy: Swift.max(1, limit), limitedBy: endIndex) ?? endIndex }
        var end = start
        var used = 0
        while end < endIndex {
            used += unit.width(unicodeScalars[end])
            if used > limit, end > start { break }
            end = unicodeScalars.index(after: end)
        }
        return end
    }

    /// Makes the next piece out of a copy of what it can reach: a grapheme can be as long as the text, and so can the way back
    /// to where it begins.
    private func piece(from start: Index, _ limit: Int, _ unit: TextUnit) -> String {
        let farthest = end(of: limit, unit, from: start)
        guard farthest < endIndex else { return String(decoding: utf8[start...], as: UTF8.self) }
        let room = utf8.distance(from: start, to: farthest)
        // With the code point behind it, which tells whether a grapheme ends there.
        let reach = String(decoding: utf8[start..<unicodeScalars.index(after: farthest)], as: UTF8.self)
        var length = 0
        var used = 0
        var lineEnd: Int?
        var space: Int?
        for character in reach {
            let next = length + character.utf8.count
            if next > room { break }
            length = next
            used += unit == .grapheme ? 1 : character.unicodeScalars.reduce(0) { $0 + unit.width($1) }
            if used * 2 > limit {
                if character.isNewline { lineEnd = length } else if character.isWhitespace { space = length }
            }
        }
        // One grapheme over the limit is cut between code points, because it can't be sent otherwise.
        let cut = length == 0 ? room : lineEnd ?? space ?? length
        return String(decoding: reach.utf8.prefix(cut), as: UTF8.self)
    }
}

/// What a far side counts when it says "characters".
package enum TextUnit: Sendable {
    case utf8, utf16, grapheme

    func count(_ text: Substring) -> Int {
        switch self {
        case .utf8: text.utf8.count
        case .utf16: text.utf16.count
        case .grapheme: text.count
        }
    }

    /// How many units a code point has. Graphemes aren't counted by code points.
    fileprivate func width(_ scalar: Unicode.Scalar) -> Int {
        switch self {
        case .utf8: UTF8.width(scalar)
        case .utf16: UTF16.width(scalar)
        case .grapheme: 1
        }
    }
}
