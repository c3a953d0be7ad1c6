import Foundation
import Glibc

enum WholeFile {
    /// Reads a file that a person names. It may be a pipe as well, as in `--secrets <(pass show byoc)`, which Foundation's
    /// own reading of a path refuses.
    ///
    /// - Returns: `nil` if it can't be read.
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

    /// Why a file can't be read, as words that follow its path.
    static func problem(of path: String) -> String {
        var status = stat()
        guard stat(path, &status) == 0 else {
            return errno == ENOENT || errno == ENOTDIR
                ? "doesn't exist" : "can't be read: \(String(cString: strerror(errno)))"
        }
        if status.st_mode & S_IFMT == S_IFDIR { return "is a folder, not a file" }
        return access(path, R_OK) == 0 ? "can't be read" : "can't be read by this user (\(geteuid()))"
    }

    /// Reads a text file: UTF-8, or UTF-16 with a byte order mark, as editors on Windows save it. The byte order mark is
    /// removed.
    ///
    /// - Parameters:
    ///   - path: `-` reads the standard input.
    ///   - remedy: what to do if the file can't be read.
    /// - Throws: ``CommandFailure`` for a file that can't be read, and for one in another encoding, with the line.
    static func text(of path: String, remedy: String) throws(CommandFailure) -> String {
        guard let data = path == "-" ? FileHandle.standardInput.readDataToEndOfFile() : contents(of: path) else {
            throw CommandFailure("The file \(path) \(problem(of: path)).", remedy: remedy)
        }
        return try text(data, name: path == "-" ? "The standard input" : "The file \(path)")
    }

    /// - Parameter name: how an error begins.
    static func text(_ data: Data, name: String) throws(CommandFailure) -> String {
        let bytes = Array(data)
        let isBigEndian = bytes.starts(with: [0xFE, 0xFF])
        if isBigEndian || bytes.starts(with: [0xFF, 0xFE]) {
            guard bytes.count.isMultiple(of: 2), !bytes.starts(with: [0xFF, 0xFE, 0, 0]) else {
                throw CommandFailure("\(name) isn't complete UTF-16 text.", remedy: "Save it as UTF-8.")
            }
            let units = stride(from: 2, to: bytes.count, by: 2).map { index in
                let (high, low) = isBigEndian ? (bytes[index], bytes[index + 1]) : (bytes[index + 1], bytes[index])
                return UInt16(high) << 8 | UInt16(low)
            }
            guard let text = String(validating: units, as: UTF16.self) else {
                throw CommandFailure("\(name) isn't complete UTF-16 text.", remedy: "Save it as UTF-8.")
            }
            return text
        }
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if let wrong = lines.firstIndex(where: { $0.contains(0) || String(validating: $0, as: UTF8.self) == nil }) {
            throw CommandFailure(
                "\(name) isn't UTF-8 text: line \(wrong + 1) has other bytes.", remedy: "Save it as UTF-8.")
        }
        return String(decoding: content, as: UTF8.self)
    }
}
