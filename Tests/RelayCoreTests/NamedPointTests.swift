#if BYOC_NAMED_POINTS
    import Foundation
    import RelayCore
    import Testing

    @Suite("Named points")
    struct NamedPointTests {
        private let folder: String
        private let points: NamedPoints

        init() throws {
            folder = "\(NSTemporaryDirectory())/byoc-points-\(UUID().uuidString)"
            for name in ["armed", "taken", "hits", "held"] {
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            }
            points = NamedPoints(folder: folder)
        }

        private func arm(_ point: NamedPoint, _ order: String) throws {
            try order.write(toFile: "\(folder)/armed/\(point)", atomically: true, encoding: .utf8)
        }

        private func names(in name: String) -> [String] {
            (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(name)")) ?? []
        }

        @Test("A point that isn't armed does nothing; an armed one acts once and leaves a record")
        func once() throws {
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try arm(.beforeSend, "9 0")
            #expect(points.take(.afterAnswer, subject: "7 inbound x") == nil)
            #expect(points.take(.beforeSend, subject: "7 inbound x") == 9)
            #expect(points.take(.beforeSend, subject: "8 inbound x") == nil)
            let hit = try #require(names(in: "hits").first)
            let lines = try String(contentsOfFile: "\(folder)/hits/\(hit)", encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 5)
            #expect(lines[0] == "beforeSend")
            #expect(lines[1] == "\(getpid())")
            #expect(lines[4] == "7 inbound x")
            #expect(names(in: "armed") + names(in: "taken") == [])
        }

        @Test("An order can let the point be passed some times first")
        func passes() throws {
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try arm(.afterCommit, "19 2")
            #expect((1...3).map { _ in points.take(.afterCommit, subject: "") } == [nil, nil, 19])
        }

        @Test("An order with a word in it is about those passes only whose subject has the word")
        func word() throws {
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try arm(.beforeSend, "9 1 inbound")
            let subjects = ["1 outbound x", "2 inbound x", "3 outbound inbounds", "4 inbound x"]
            #expect(subjects.map { points.take(.beforeSend, subject: $0) } == [nil, nil, nil, 9])
        }

        @Test("A process that waits at a point has a file that lets it go on when it is removed")
        func held() throws {
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try arm(.beforeSend, "0 0")
            #expect(points.take(.beforeSend, subject: "1 inbound x") == 0)
            #expect(names(in: "held") == ["\(getpid())"])
        }
    }
#endif
