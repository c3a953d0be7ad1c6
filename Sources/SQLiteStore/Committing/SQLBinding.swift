import FoundationEssentials
import GRDB
import GRDBSQLite

/// Puts values in the places of a statement's `?`.
struct SQLBinding {
    let statement: SQLiteStatement
    /// What is left of the room for bytes.
    var room: Slice<UnsafeMutableRawBufferPointer>
    /// The place, from 1.
    var index: CInt = 0
    private(set) var code = SQLITE_OK

    init(statement: SQLiteStatement, room: Slice<UnsafeMutableRawBufferPointer>) {
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
    var byteCount: Int {
        var count = 0
        for value in values { count += value?.byteCount ?? 0 }
        return count
    }
}

/// Something that SQLite can store.
protocol SQLValue {
    /// How much room its bytes take, besides a number's.
    var byteCount: Int { get }

    func bind(by binding: inout SQLBinding)
}

extension Int64: SQLValue {
    var byteCount: Int { 0 }
    func bind(by binding: inout SQLBinding) { binding.bind(self) }
}

extension Int: SQLValue {
    var byteCount: Int { 0 }
    func bind(by binding: inout SQLBinding) { binding.bind(Int64(self)) }
}

extension Bool: SQLValue {
    var byteCount: Int { 0 }
    func bind(by binding: inout SQLBinding) { binding.bind(self ? 1 : 0) }
}

extension String: SQLValue {
    var byteCount: Int { utf8.count }

    func bind(by binding: inout SQLBinding) {
        var text = self
        text.withUTF8 { binding.bind(text: UnsafeRawBufferPointer($0)) }
    }
}

extension Data: SQLValue {
    var byteCount: Int { count }

    func bind(by binding: inout SQLBinding) {
        withUnsafeBytes { binding.bind(blob: $0) }
    }
}
