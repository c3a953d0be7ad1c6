/// Something that reads bytes from outside, and what holds whatever the bytes are.
///
/// A target's check is the same for libFuzzer (`deploy/fuzz`) and for the replay of the corpus among the other tests.
struct FuzzTarget: Sendable {
    /// As in the command and the corpus folder.
    let name: String
    /// The longest input that is tried, in bytes.
    let longest: Int
    /// Reads the input in every way that the target has.
    ///
    /// - Throws: ``BrokenProperty``. A trap is a finding too.
    let check: @Sendable (_ input: [UInt8]) throws -> Void

    static let all: [FuzzTarget] = [.records, .requests, .viber, .freshchat, .signatures, .addresses, .texts, .answers]

    @Sendable static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// What an input has shown not to hold.
struct BrokenProperty: Error, CustomStringConvertible {
    var description: String
}

/// - Parameter property: a sentence that is true as long as all is well.
func hold(_ condition: Bool, _ property: @autoclosure () -> String) throws(BrokenProperty) {
    if !condition { throw BrokenProperty(description: "It doesn't hold that " + property()) }
}

/// Runs something twice, and finds out whether it comes out the same.
func twice<Value: Equatable>(_ what: String, _ body: () -> Value) throws(BrokenProperty) -> Value {
    let first = body()
    try hold(body() == first, "\(what) reads the same twice")
    return first
}

extension [UInt8] {
    /// What stands before the first of a byte, and what behind; nothing behind when it isn't there.
    func cut(at byte: UInt8) -> (before: [UInt8], behind: [UInt8]) {
        guard let place = firstIndex(of: byte) else { return (self, []) }
        return (Array(self[..<place]), Array(self[(place + 1)...]))
    }

    /// The lines up to an empty one, and all that stands behind it.
    var linesAndRest: (lines: [[UInt8]], rest: [UInt8]) {
        var lines: [[UInt8]] = []
        var rest = self
        while !rest.isEmpty {
            let (line, behind) = rest.cut(at: UInt8(ascii: "\n"))
            rest = behind
            if line.isEmpty { break }
            lines.append(line)
        }
        return (lines, rest)
    }

    var text: String { String(decoding: self, as: UTF8.self) }

    /// The bytes as they may stand between a text's quotes, with half of a surrogate pair behind them.
    var endingInHalfAPair: [UInt8] {
        filter { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") } + Array(#"\ud83d"#.utf8)
    }
}
