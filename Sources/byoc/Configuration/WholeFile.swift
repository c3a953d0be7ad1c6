import Foundation

enum WholeFile {
    /// Reads a file that a person names. It may be a pipe as well, as in `--secrets <(pass show byoc)`, which Foundation's
    /// own reading of a path refuses.
    ///
    /// - Returns: `nil` when it can't be read.
    static func contents(of path: String) -> Data? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        do {
            // At the end of an empty file it is `nil`.
            return try file.readToEnd() ?? Data()
        } catch {
            return nil
        }
    }
}
