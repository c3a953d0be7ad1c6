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
        // Their bytes stay where they are until the statement is through, so SQLite needn't keep a copy of each.
        return try withUnsafeTemporaryAllocation(byteCount: arguments.byteCount, alignment: 1) { room in
            try statement.bind(arguments, keptIn: room)
            defer { statement.forgetArguments() }
            return try body(statement)
        }
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

    /// - Parameter room: of just as many bytes as the arguments have.
    func bind(_ arguments: SQLArguments, keptIn room: UnsafeMutableRawBufferPointer) throws {
        guard Int(sqlite3_bind_parameter_count(statement)) == arguments.values.count else {
            throw DatabaseError(
                resultCode: .SQLITE_MISUSE, message: "\(arguments.values.count) arguments are not what it takes",
                sql: owner.sql)
        }
        var binding = Binding(statement: statement, room: room[...])
        for value in arguments.values {
            binding.index += 1
            if let value { value.bind(by: &binding) } else { binding.bindNull() }
            guard binding.code == SQLITE_OK else { throw failure(binding.code) }
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

    func forgetArguments() {
        // Says again what the last step said, which has been reported.
        sqlite3_reset(statement)
        sqlite3_clear_bindings(statement)
    }

    private func failure(_ code: CInt) -> DatabaseError {
        let words = sqlite3_errmsg(sqlite3_db_handle(statement)).map { String(cString: $0) }
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: words, sql: owner.sql)
    }
}

/// Puts values in the places of a statement's `?`.
struct Binding {
    fileprivate let statement: SQLiteStatement
    /// What is left of the room for bytes.
    fileprivate var room: Slice<UnsafeMutableRawBufferPointer>
    /// The place, from 1.
    fileprivate var index: CInt = 0
    fileprivate private(set) var code = SQLITE_OK

    fileprivate init(statement: SQLiteStatement, room: Slice<UnsafeMutableRawBufferPointer>) {
        self.statement = statement
        self.room = room
    }

    mutating func bindNull() { code = sqlite3_bind_null(statement, index) }

    mutating func bind(_ number: Int64) { code = sqlite3_bind_int64(statement, index, number) }

    mutating func bind(text bytes: UnsafeRawBufferPointer) {
        // A null pointer would be NULL, and an empty text is none.
        let start = keep(bytes).baseAddress?.assumingMemoryBound(to: CChar.self)
        code =
            bytes.isEmpty
            ? sqlite3_bind_text(statement, index, "", 0, nil)
            : sqlite3_bind_text64(statement, index, start, UInt64(bytes.count), nil, UInt8(SQLITE_UTF8))
    }

    mutating func bind(blob bytes: UnsafeRawBufferPointer) {
        let start = keep(bytes).baseAddress
        code =
            bytes.isEmpty
            ? sqlite3_bind_zeroblob(statement, index, 0)
            : sqlite3_bind_blob64(statement, index, start, UInt64(bytes.count), nil)
    }

    private mutating func keep(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let place = UnsafeMutableRawBufferPointer(rebasing: room.prefix(bytes.count))
        place.copyMemory(from: bytes)
        room = room.dropFirst(bytes.count)
        return UnsafeRawBufferPointer(place)
    }
}

/// What stands in the places of the `?` of a statement.
struct SQLArguments: ExpressibleByArrayLiteral {
    let values: [(any SQLValue)?]

    init(arrayLiteral elements: (any SQLValue)?...) { values = elements }

    /// How much room their bytes take.
    fileprivate var byteCount: Int {
        var count = 0
        for value in values { count += value?.byteCount ?? 0 }
        return count
    }
}

/// Something that SQLite can store.
protocol SQLValue {
    /// How much room its bytes take, besides a number's.
    var byteCount: Int { get }

    func bind(by binding: inout Binding)
}

extension Int64: SQLValue {
    var byteCount: Int { 0 }
    func bind(by binding: inout Binding) { binding.bind(self) }
}

extension Int: SQLValue {
    var byteCount: Int { 0 }
    func bind(by binding: inout Binding) { binding.bind(Int64(self)) }
}

extension Bool: SQLValue {
    var byteCount: Int { 0 }
    func bind(by binding: inout Binding) { binding.bind(self ? 1 : 0) }
}

extension String: SQLValue {
    var byteCount: Int { utf8.count }

    func bind(by binding: inout Binding) {
        var text = self
        text.withUTF8 { binding.bind(text: UnsafeRawBufferPointer($0)) }
    }
}

extension Data: SQLValue {
    var byteCount: Int { count }

    func bind(by binding: inout Binding) {
        withUnsafeBytes { binding.bind(blob: $0) }
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
