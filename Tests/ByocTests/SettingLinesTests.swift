import Foundation
import Testing

@testable import byoc

@Suite("Lines of a settings file")
struct SettingLinesTests {
    private func values(_ text: String) -> [String: String] {
        let lines = SettingLines(text)
        #expect(lines.faults == [])
        return Dictionary(lines.settings.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }

    @Test(
        "A setting is understood in whatever way it is written",
        arguments: [
            "BYOC_WORKERS=3", "export BYOC_WORKERS=3", "export\tBYOC_WORKERS=3", "  BYOC_WORKERS = 3  ",
            "\tBYOC_WORKERS=\t3\r", "BYOC_WORKERS=\"3\"", "BYOC_WORKERS='3'", "\u{FEFF}BYOC_WORKERS=3",
            "\u{200B}BYOC_WORKERS\u{A0}=3", "# a comment\n; another\n\nBYOC_WORKERS=3\n",
        ])
    func spellings(text: String) {
        #expect(values(text) == ["BYOC_WORKERS": "3"])
        #expect(values(text.replacing("\n", with: "\r\n")) == ["BYOC_WORKERS": "3"])
    }

    @Test("Values keep what stands in them")
    func contents() {
        #expect(values("A=x=y==") == ["A": "x=y=="])
        #expect(values("A=it's") == ["A": "it's"])
        #expect(values("A=") == ["A": ""])
        #expect(values("A=\"\"") == ["A": ""])
        #expect(values("A=' two  words '") == ["A": " two  words "])
        #expect(values(#"A="say \"hi\" for \$5 \n""#) == ["A": #"say "hi" for $5 \n"#])
        #expect(values(#"A='C:\"x'"#) == ["A": #"C:\"x"#])
    }

    @Test("A value in quotes may go over several lines, as a key does")
    func severalLines() {
        let key = "-----BEGIN PUBLIC KEY-----\nMIIB==\n-----END PUBLIC KEY-----"
        #expect(values("KEY=\"\(key)\"\nB=1") == ["KEY": key, "B": "1"])
        #expect(values("KEY='\(key)'\r\nB=1") == ["KEY": key, "B": "1"])
    }

    @Test(
        "What is no setting is a fault with its line",
        arguments: [
            ("A=1\nBYOC_WORKERS 3\n", 2, "no “=”"), ("A=1\r\n\r\nBYOC_WORKERS: 3", 3, "no “=”"),
            ("set A=1", 1, "no valid key"), ("=3", 1, "no valid key"), ("1A=3", 1, "no valid key"),
            ("A-B=3", 1, "no valid key"),
            ("$env:A=3", 1, "no valid key"), ("A=1\nKEY=\"abc\nB=2\n", 2, "never closed"),
            ("A=\"b\" # why", 1, "after its closing quote"), ("[byoc]\nA=1", 1, "no “=”"),
        ])
    func faults(text: String, line: Int, words: String) {
        let faults = SettingLines(text).faults
        #expect(faults.map(\.line) == [line])
        #expect(faults.first?.problem.contains(words) == true, "\(faults)")
    }

    @Test("Whatever the text, each line that says something is a setting, a part of one, or a fault")
    func nothingIsDropped() {
        var random = SystemRandomNumberGenerator()
        let pieces = ["A", "=", "\"", "'", "\n", " ", "#", "\\", "export ", "\u{FEFF}", "é", "\r\n", ";"]
        for _ in 0..<5_000 {
            let text = (0..<12).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            let lines = SettingLines(text)
            let says = text.split(whereSeparator: \.isNewline).contains { line in
                let line = line.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
                return !line.isEmpty && line.first != "#" && line.first != ";"
            }
            #expect(says == !(lines.settings.isEmpty && lines.faults.isEmpty), "\(text.debugDescription)")
        }
    }

    @Test("A file that a Windows editor saved is read, and one in another encoding is refused with its line")
    func encodings() throws {
        let text = "BYOC_INSTALLATION_NAME=Żółw 🐢\nBYOC_WORKERS=3"
        func read(_ data: Data) throws -> String { try WholeFile.text(data, name: "The file env") }
        #expect(try read(Data([0xEF, 0xBB, 0xBF] + Array(text.utf8))) == text)
        #expect(try read(Data(text.utf8)) == text)
        #expect(try read(Data([0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })) == text)
        #expect(try read(Data([0xFE, 0xFF] + text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] })) == text)
        for wrong in [
            Array("A=1\nB=caf".utf8) + [0xE9, 0x0A],
            Array("A=1\n".utf8) + text.utf16.flatMap { [UInt8($0 & 0xFF), 0] },
        ] {
            let failure = #expect(throws: CommandFailure.self) { try read(Data(wrong)) }
            #expect(failure.map { "\($0)".contains("line 2") } == true, "\(String(describing: failure))")
        }
        #expect(throws: CommandFailure.self) { try read(Data([0xFF, 0xFE, 0x41])) }
    }

    @Test(
        "A settings file with a byte order mark is read from its first key on",
        arguments: [
            "\u{FEFF}BYOC_BASE_URL=https://chat.example.com\nBYOC_WORKERS=3",
            "byoc_base_url=https://chat.example.com\nBYOC_WORKERS=3",
        ])
    func wholeFile(text: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let loaded = try SettingsLoader(file: file.path).read()
        #expect(loaded.mistakes == [])
        #expect(loaded.settings.baseURL == "https://chat.example.com")
        #expect(loaded.settings.workers == 3)
    }

    @Test("What is no setting, and what is nearly one of ours, stops the start with its line")
    func refusedFile() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data("TZ=UTC\nBYOC_WORKERS\nBASE_URL=x\nBYC_THREADS=2\nBYOC_THREADS=many\nBYOC_NOSUCH=1".utf8).write(
            to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let mistakes = try SettingsLoader(file: file.path).read().mistakes.map(\.description)
        #expect(mistakes.count == 5, "\(mistakes)")
        for line in 2...6 {
            #expect(mistakes.contains { $0.contains("line \(line)") }, "line \(line): \(mistakes)")
        }
        #expect(mistakes.contains { $0.contains("did you mean BYOC_BASE_URL?") })
    }
}
