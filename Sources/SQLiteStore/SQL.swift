import FoundationEssentials
import GRDB
import RelayCore

extension Database {
    /// Runs a statement that is prepared once for each connection.
    func run(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }

    func row(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> Row? {
        try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments)
    }

    func rows(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> [Row] {
        try Row.fetchAll(cachedStatement(sql: sql), arguments: arguments)
    }

    func exists(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> Bool {
        try row(sql, arguments) != nil
    }
}

/// Reading columns without trusting them: a damaged file may hold anything, and that is an error and no trap.
extension Row {
    func integer(_ index: Int) throws -> Int64 { try decode(Int64.self, atIndex: index) }
    func integerIfAny(_ index: Int) throws -> Int64? { try decode(Int64?.self, atIndex: index) }
    func int(_ index: Int) throws -> Int { Int(try integer(index)) }
    func flag(_ index: Int) throws -> Bool { try integer(index) != 0 }
    func text(_ index: Int) throws -> String { try decode(String.self, atIndex: index) }
    func textIfAny(_ index: Int) throws -> String? { try decode(String?.self, atIndex: index) }
    func blobIfAny(_ index: Int) throws -> Data? { try decode(Data?.self, atIndex: index) }
    func date(_ index: Int) throws -> Date { Date(milliseconds: try integer(index)) }
    func dateIfAny(_ index: Int) throws -> Date? { try integerIfAny(index).map(Date.init(milliseconds:)) }

    /// A word of one of our enumerations.
    func word<Word: RawRepresentable<String>>(_ index: Int, _ type: Word.Type = Word.self) throws -> Word {
        let text = try text(index)
        guard let word = Word(rawValue: text) else {
            throw StoreFailure(
                .damaged, "the data store holds the unknown word “\(text)”: it is damaged, or from a newer version")
        }
        return word
    }

    func id<ID: OpaqueID>(_ index: Int, _ type: ID.Type = ID.self) throws -> ID { ID(rawValue: try text(index)) }
}

extension Date {
    /// Milliseconds since 1970, rounded; instants outside of what fits are moved to the nearest that does.
    var milliseconds: Int64 {
        let value = (timeIntervalSince1970 * 1000).rounded()
        // A day's worth of milliseconds below the limits, so that adding a lease or a wait can't overflow.
        let bound = 9.0e18
        return value.isNaN ? 0 : Int64(min(max(value, -bound), bound))
    }

    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}

extension Duration {
    /// Whole milliseconds, rounded up, at most a century.
    var milliseconds: Int64 {
        let limit: Duration = .seconds(100 * 366 * 86_400)
        let parts = min(max(self, .zero), limit).components
        return parts.seconds * 1000 + (parts.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }

    /// For the interfaces that take seconds as a floating-point number.
    var seconds: Double { Double(milliseconds) / 1000 }
}
