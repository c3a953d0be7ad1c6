/// What tells one sentence of the torture from all others: `⟦c17.2⟧` is the second sentence of the customers' message 17.
///
/// Every sentence begins with one, so each can be found again wherever it arrives, also when its message was split on the
/// way.
struct Mark: Hashable, Sendable, CustomStringConvertible {
    enum Author: String, Sendable {
        case customer = "c"
        case agent = "a"
        /// What may never reach a phone: private notes, lines of the system, other topics.
        case secret = "s"
    }

    var author: Author
    var message: Int
    /// From 1.
    var sentence: Int

    var description: String { "⟦\(author.rawValue)\(message).\(sentence)⟧" }

    /// The first sentence of the same message, which stands for the whole.
    var first: Mark { Mark(author: author, message: message, sentence: 1) }

    private static let opening = Array("⟦".utf8)
    private static let closing = Array("⟧".utf8)

    /// All marks of a text, in its order.
    static func all(in text: String) -> [Mark] {
        var marks: [Mark] = []
        var bytes = Array(text.utf8)[...]
        while let start = bytes.firstRange(of: opening) {
            bytes = bytes[start.upperBound...]
            guard let end = bytes.firstRange(of: closing) else { break }
            if let mark = Mark(String(decoding: bytes[..<end.lowerBound], as: UTF8.self)) { marks.append(mark) }
            bytes = bytes[end.upperBound...]
        }
        return marks
    }

    private init?(_ text: String) {
        let numbers = text.dropFirst().split(separator: ".")
        guard let author = Author(rawValue: String(text.prefix(1))), numbers.count == 2,
            let message = Int(numbers[0]), let sentence = Int(numbers[1])
        else { return nil }
        self.init(author: author, message: message, sentence: sentence)
    }

    init(author: Author, message: Int, sentence: Int = 1) {
        self.author = author
        self.message = message
        self.sentence = sentence
    }
}
