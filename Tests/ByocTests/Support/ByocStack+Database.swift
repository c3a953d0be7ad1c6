import Simulators
import Testing

extension ByocStack {
    /// Runs statements on a database file with Debian's sqlite3, as somebody who spoils it would.
    func alter(_ database: String, _ statements: String) async throws {
        let process = try ChildProcess(
            "/usr/bin/sqlite3", ["-cmd", ".timeout 10000", database, statements], environment: [:],
            directory: folder, output: "\(folder)/sqlite.out", errors: "\(folder)/sqlite.out")
        #expect(await process.wait(timeout: patience) == 0, "\(text(of: "sqlite.out"))")
    }
}
