import FoundationEssentials
import GRDB
import GRDBSQLite
import RelayCore

/// Our statements, past GRDB's bookkeeping: it prepares and keeps them, and binding, stepping and reading is SQLite's own,
/// which takes less than half of the instructions. What GRDB would do besides, telling observers of changes, nobody here
/// asks for.
extension Database {
    /// Runs a statement that is prepared once for each connection.
    func run(_ sql: String, _ arguments: SQLArguments = []) throws {
        try stepping(sql, arguments) { statement in
            while try statement.step() {}
        }
    }

    /// The first row, if there is one.
    func row(_ sql: String, _ arguments: SQLArguments = []) throws -> Record? {
        try stepping(sql, arguments) { statement in try statement.step() ? statement.record() : nil }
    }

    func rows(_ sql: String, _ arguments: SQLArguments = []) throws -> [Record] {
        try stepping(sql, arguments) { statement in
            var rows: [Record] = []
            while try statement.step() { rows.append(statement.record()) }
            return rows
        }
    }

    func exists(_ sql: String, _ arguments: SQLArguments = []) throws -> Bool {
        try stepping(sql, arguments) { statement in try statement.step() }
    }

    private func stepping<Value>(
        _ sql: String, _ arguments: SQLArguments, _ body: (borrowing Stepping) throws -> Value
    ) throws -> Value {
        let statement = Stepping(statement: try cachedStatement(sql: sql))
        try statement.bind(arguments)
        return try body(statement)
    }
}

/// A statement while it is being run; at the end it is ready for the next time.
private struct Stepping: ~Copyable {
    /// Kept by GRDB, which ends it with its connection.
    private let owner: Statement
    private let statement: SQLiteStatement

    init(statement: Statement) {
        owner = statement
        self.statement = statement.sqliteStatement
    }

    deinit {
        // Says again what the last step said, which has been reported.
        sqlite3_reset(statement)
    }

    func bind(_ arguments: SQLArguments) throws {
        guard Int(sqlite3_bind_parameter_count(statement)) == arguments.values.count else {
            throw DatabaseError(
                resultCode: .SQLITE_MISUSE, message: "\(arguments.values.count) arguments are not what it takes",
                sql: owner.sql)
        }
        var index: CInt = 0
        for value in arguments.values {
            index += 1
            let code = value?.bind(to: statement, at: index) ?? sqlite3_bind_null(statement, index)
            guard code == SQLITE_OK else { throw failure(code) }
        }
    }

    /// - Returns: whether there is a row.
    func step() throws -> Bool {
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw failure(code)
        }
    }

    func record() -> Record { Record(of: statement) }

    private func failure(_ code: CInt) -> DatabaseError {
        let words = sqlite3_errmsg(sqlite3_db_handle(statement)).map { String(cString: $0) }
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: words, sql: owner.sql)
    }
}

/// What stands in the places of the `?` of a statement.
struct SQLArguments: ExpressibleByArrayLiteral {
    let values: [(any SQLValue)?]

    init(arrayLiteral elements: (any SQLValue)?...) { values = elements }
}

/// Something that SQLite can store.
protocol SQLValue {
    /// - Returns: SQLite's result code.
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt
}

extension Int64: SQLValue {
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt { sqlite3_bind_int64(statement, index, self) }
}

extension Int: SQLValue {
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt { Int64(self).bind(to: statement, at: index) }
}

extension Bool: SQLValue {
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt { (self ? 1 : 0).bind(to: statement, at: index) }
}

/// To SQLite that it has to copy what it is given: `SQLITE_TRANSIENT`, a cast of −1 that Swift doesn't import
/// (https://www.sqlite.org/c3ref/c_static.html).
private let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

extension String: SQLValue {
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt {
        var text = self
        return text.withUTF8 { bytes in
            guard let start = bytes.baseAddress else { return sqlite3_bind_text(statement, index, "", 0, nil) }
            return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                sqlite3_bind_text64(statement, index, $0, UInt64(bytes.count), transient, UInt8(SQLITE_UTF8))
            }
        }
    }
}

extension Data: SQLValue {
    func bind(to statement: SQLiteStatement, at index: CInt) -> CInt {
        withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, !bytes.isEmpty else {
                return sqlite3_bind_zeroblob(statement, index, 0)
            }
            return sqlite3_bind_blob64(statement, index, start, UInt64(bytes.count), transient)
        }
    }
}

/// A column holds what it never should.
struct UnreadableColumn: Error {}

/// A row that was read. What its columns hold is not to be trusted: a damaged file may hold anything, and that is an error
/// and no trap.
struct Record {
    private enum Cell {
        case null
        case integer(Int64)
        case text(String)
        case blob(Data)
        /// A number with a fraction, which no column of ours has.
        case other
    }

    private let cells: [Cell]

    fileprivate init(of statement: SQLiteStatement) {
        cells = (0..<sqlite3_column_count(statement)).map { index in
            switch sqlite3_column_type(statement, index) {
            case SQLITE_NULL: .null
            case SQLITE_INTEGER: .integer(sqlite3_column_int64(statement, index))
            case SQLITE_TEXT: .text(String(decoding: Self.bytes(of: statement, index), as: UTF8.self))
            case SQLITE_BLOB: .blob(Data(Self.bytes(of: statement, index)))
            default: .other
            }
        }
    }

    private static func bytes(of statement: SQLiteStatement, _ index: CInt) -> UnsafeRawBufferPointer {
        // In this order: the length is that of what the first call gives (https://www.sqlite.org/c3ref/column_blob.html).
        let start = sqlite3_column_blob(statement, index)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, index)))
    }
}

extension Record: Columns {
    func integerIfAny(_ index: Int) throws -> Int64? {
        switch cells[index] {
        case .null: return nil
        case .integer(let number): return number
        default: throw UnreadableColumn()
        }
    }

    func textIfAny(_ index: Int) throws -> String? {
        switch cells[index] {
        case .null: return nil
        case .text(let text): return text
        default: throw UnreadableColumn()
        }
    }

    func blobIfAny(_ index: Int) throws -> Data? {
        switch cells[index] {
        case .null: return nil
        case .blob(let data): return data
        default: throw UnreadableColumn()
        }
    }
}

/// For long walks, which read a row at a time.
extension Row: Columns {
    func integerIfAny(_ index: Int) throws -> Int64? { try decode(Int64?.self, atIndex: index) }
    func textIfAny(_ index: Int) throws -> String? { try decode(String?.self, atIndex: index) }
    func blobIfAny(_ index: Int) throws -> Data? { try decode(Data?.self, atIndex: index) }
}

/// Reading columns by their places.
protocol Columns {
    func integerIfAny(_ index: Int) throws -> Int64?
    func textIfAny(_ index: Int) throws -> String?
    func blobIfAny(_ index: Int) throws -> Data?
}

extension Columns {
    func integer(_ index: Int) throws -> Int64 { try present(try integerIfAny(index)) }
    func int(_ index: Int) throws -> Int { Int(try integer(index)) }
    func flag(_ index: Int) throws -> Bool { try integer(index) != 0 }
    func text(_ index: Int) throws -> String { try present(try textIfAny(index)) }
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

    private func present<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw UnreadableColumn() }
        return value
    }
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
