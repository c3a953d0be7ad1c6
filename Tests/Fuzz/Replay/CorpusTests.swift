import Foundation
import Testing

/// Every input of the corpus, those with which fuzzing once found something among them.
@Suite("Fuzz targets", .serialized)
struct CorpusTests {
    private static let inputs: [String] = {
        FuzzTarget.all.flatMap { target in
            let names = try? FileManager.default.contentsOfDirectory(atPath: root + target.name)
            return (names ?? []).sorted().map { "\(target.name)/\($0)" }
        }
    }()

    private static let root = (Bundle.module.resourcePath ?? "") + "/Corpus/"

    @Test("What a target promises holds for each input of its corpus", arguments: inputs)
    func replay(path: String) throws {
        let name = String(path.prefix { $0 != "/" })
        let target = try #require(FuzzTarget.named(name))
        try target.check(Array(Data(contentsOf: URL(fileURLWithPath: Self.root + path))))
    }

    @Test("Each target has a corpus, and each corpus a target")
    func complete() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.root)
        #expect(Set(folders) == Set(FuzzTarget.all.map(\.name)))
    }

    @Test("Nothing at all is an input too", arguments: FuzzTarget.all.map(\.name))
    func empty(name: String) throws {
        try #require(FuzzTarget.named(name)).check([])
    }

    @Test("A target that finds a property broken says so")
    func notice() {
        #expect(throws: BrokenProperty.self) { try hold(false, "the tests can fail") }
        #expect(throws: BrokenProperty.self) {
            try FastCGIAnswer.all(in: [1, 6, 0, 1, 0, 2, 0, 0, 65])
        }
    }
}
