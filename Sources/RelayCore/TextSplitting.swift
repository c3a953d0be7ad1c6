extension String {
    /// Splits a text that is longer than the far side takes.
    ///
    /// No piece has more than `limit` units; nothing is lost and no grapheme (an emoji of several code points, a letter
    /// with its accents) is cut, except one that alone is over the limit. A piece ends at the last line end, else the
    /// last space, in its second half; that white space stays at the end of the piece.
    ///
    /// - Parameters:
    ///   - limit: the most units one piece may have; at least 4, as one code point may take that many.
    ///   - unit: how the far side counts. The default counts UTF-16 units, the strictest of the usual ways for people's
    ///     texts, so that a piece is never longer than the limit in characters or code points either.
    package func split(limit: Int, counting unit: TextUnit = .utf16) -> [String] {
        guard unit.count(Substring(self)) > limit else { return isEmpty ? [] : [self] }
        var pieces: [String] = []
        var start = startIndex
        while start < endIndex {
            var end = start
            var used = 0
            var lineEnd: Index?
            var space: Index?
            while end < endIndex {
                let next = index(after: end)
                let cost = unit.count(self[end..<next])
                if used + cost > limit { break }
                used += cost
                if used * 2 > limit {
                    if self[end].isNewline { lineEnd = next } else if self[end].isWhitespace { space = next }
                }
                end = next
            }
            if end == start {
                // One grapheme over the limit: it is cut between code points, for it can't be sent otherwise.
                var scalars = start
                used = 0
                while scalars < endIndex {
                    let next = unicodeScalars.index(after: scalars)
                    used += unit.count(self[scalars..<next])
                    if used > limit, scalars > start { break }
                    scalars = next
                }
                end = scalars
            } else if end < endIndex {
                end = lineEnd ?? space ?? end
            }
            pieces.append(String(self[start..<end]))
            start = end
        }
        return pieces
    }

    /// The text, or its beginning and an ellipsis, in at most `limit` units.
    package func truncated(to limit: Int, counting unit: TextUnit = .utf16) -> String {
        guard unit.count(Substring(self)) > limit else { return self }
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
}
