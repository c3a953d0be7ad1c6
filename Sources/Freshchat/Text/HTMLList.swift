import CGumbo

/// A list and the number that its next item has.
struct HTMLList {
    private enum Style: String { case decimal = "1", letters = "a", capitals = "A", roman = "i", romanCapitals = "I" }

    /// `nil` for bullets.
    private var style: Style?
    private var next = 1
    private var step = 1

    init(_ element: HTMLElement) {
        guard element.tag == GUMBO_TAG_OL else { return }
        style = element.attribute("type").flatMap(Style.init) ?? .decimal
        let start = element.attribute("start").flatMap(Self.number)
        if element.attribute("reversed") != nil {
            step = -1
            next = start ?? element.count(of: GUMBO_TAG_LI)
        } else {
            next = start ?? 1
        }
    }

    /// The bullet or number before an item's text.
    mutating func nextBullet(_ item: HTMLElement) -> String {
        guard let style else { return "• " }
        let number = item.attribute("value").flatMap(Self.number) ?? next
        next = number + step
        switch style {
        case .decimal: return "\(number). "
        case .letters: return Self.letters(number) + ". "
        case .capitals: return Self.letters(number).uppercased() + ". "
        case .roman: return Self.roman(number) + ". "
        case .romanCapitals: return Self.roman(number).uppercased() + ". "
        }
    }

    /// A 32-bit integer as attributes contain it: after white space, and followed by anything.
    private static func number(_ text: String) -> Int? {
        var digits = text.utf8.drop(while: \.isHTMLSpace)
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        let word = digits.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        return Int32(String(Substring(word))).map { isNegative ? -Int($0) : Int($0) }
    }

    /// a, b, … z, aa, ab, …
    private static func letters(_ number: Int) -> String {
        guard number > 0 else { return "\(number)" }
        var rest = number
        var letters: [UInt8] = []
        while rest > 0 {
            letters.append(UInt8(ascii: "a") + UInt8((rest - 1) % 26))
            rest = (rest - 1) / 26
        }
        return String(decoding: letters.reversed(), as: UTF8.self)
    }

    private static func roman(_ number: Int) -> String {
        guard 1..<4000 ~= number else { return "\(number)" }
        let signs = [
            (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
            (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
        ]
        var rest = number
        var text = ""
        for (value, sign) in signs {
            while rest >= value {
                text += sign
                rest -= value
            }
        }
        return text
    }
}
