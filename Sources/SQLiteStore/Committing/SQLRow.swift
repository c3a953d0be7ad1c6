import FoundationEssentials
import GRDB
import GRDBSQLite

/// A column holds what it never should.
struct UnreadableColumn: Error {}

/// A row that was read. What its columns hold is not to be trusted: a damaged file may hold anything, and that is an error
/// and no trap.
struct SQLRow {
    private enum Cell {
        case null
        case integer(Int64)
        case text(String)
        case blob(Data)
        /// A number with a fraction, which no column of ours has.
        case other
    }

    private let cells: [Cell]

    init(of statement: SQLiteStatement) {
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

extension SQLRow: SQLColumns {
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
extension Row: SQLColumns {
    func integerIfAny(_ index: Int) throws -> Int64? { try decode(Int64?.self, atIndex: index) }
    func textIfAny(_ index: Int) throws -> String? { try decode(String?.self, atIndex: index) }
    func blobIfAny(_ index: Int) throws -> Data? { try decode(Data?.self, atIndex: index) }
}
