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
    func row(_ sql: String, _ arguments: SQLArguments = []) throws -> SQLRow? {
        try stepping(sql, arguments) { statement in try statement.step() ? statement.row() : nil }
    }

    func rows(_ sql: String, _ arguments: SQLArguments = []) throws -> [SQLRow] {
        try stepping(sql, arguments) { statement in
            var rows: [SQLRow] = []
            while try statement.step() { rows.append(statement.row()) }
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
        var binding = SQLBinding(statement: statement, room: room[...])
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

    func row() -> SQLRow { SQLRow(of: statement) }

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
