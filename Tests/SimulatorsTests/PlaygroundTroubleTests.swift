import Foundation
import Glibc
import Simulators
import Testing

@Suite("The playground's switches")
struct PlaygroundTroubleTests {
    @Test("Each switch makes its double misbehave, and stops it again")
    func switches() async throws {
        try await withPeer(playground: PlaygroundConfiguration()) { peer async throws in
            let busy = try await peer.control(.put, "/play/trouble", ["freshchatIsBusy": true])
            #expect(busy.json == ["freshchatIsBusy": true, "viberIsDown": false, "repeatsWebhooks": false])
            let answer = try await peer.freshchat(.get, "/channels")
            #expect(answer.status == 429)
            #expect(answer.header("retry-after") == "2")
            _ = try await peer.control(.put, "/play/trouble", ["viberIsDown": true, "repeatsWebhooks": true])
            #expect(try await peer.freshchat(.get, "/channels").status == 429)
            #expect(peer.sandbox.viber.faults.map(\.count) == [0, 0])
            #expect(peer.sandbox.viber.knobs.callbacks.duplicateProbability == 1)
            #expect(peer.sandbox.freshchat.knobs.webhooks.duplicateProbability == 1)
            let off: JSON = ["freshchatIsBusy": false, "viberIsDown": false, "repeatsWebhooks": false]
            #expect(try await peer.control(.put, "/play/trouble", off).json == off)
            #expect(try await peer.freshchat(.get, "/channels").status == 200)
            #expect(peer.sandbox.viber.faults.isEmpty)
            #expect(peer.sandbox.viber.knobs.callbacks.duplicateProbability == 0)
            #expect(try await peer.control(.put, "/play/trouble", ["viberIsUp": true]).status == 400)
        }
    }

    @Test("Without trouble neither the page nor the interface has switches")
    func noTrouble() async throws {
        var configuration = PlaygroundConfiguration()
        configuration.hasTrouble = false
        configuration.supervisor = getpid()
        try await withPeer(playground: configuration) { peer async throws in
            let page = try await peer.call(.get, peer.about.control.url + "/")
            #expect(page.status == 200)
            #expect(!String(decoding: page.body, as: UTF8.self).contains("trouble"))
            #expect(try await peer.control(.get, "/play/state").json["trouble"] == nil)
            #expect(try await peer.control(.put, "/play/trouble", ["viberIsDown": true]).status == 404)
            #expect(try await peer.control(.post, "/play/kill").status == 404)
        }
    }

    @Test("Kills a worker under the supervisor, and nothing else", .timeLimit(.minutes(1)))
    func kill() async throws {
        let supervisor = Process()
        supervisor.executableURL = URL(filePath: "/bin/sh")
        supervisor.arguments = ["-c", "sleep 600 & sleep 600 & echo started; wait; wait"]
        let output = Pipe()
        supervisor.standardOutput = output
        // Nothing of the test's own: whoever reads that waits until all who have it are gone.
        supervisor.standardInput = FileHandle.nullDevice
        supervisor.standardError = FileHandle.nullDevice
        try supervisor.run()
        let workers = WorkerProcesses(supervisor: supervisor.processIdentifier)
        defer {
            while workers.kill() != nil {}
            // Not by SIGTERM, which a shell may have inherited blocked.
            _ = Glibc.kill(supervisor.processIdentifier, SIGKILL)
            supervisor.waitUntilExit()
        }
        _ = output.fileHandleForReading.availableData
        var configuration = PlaygroundConfiguration()
        configuration.supervisor = supervisor.processIdentifier
        try await withPeer(playground: configuration) { peer async throws in
            let before = workers.alive
            #expect(before.count == 2)
            #expect(try await peer.control(.get, "/play/state").json["workers"]?.array?.count == 2)
            let foreign = Int64(getpid())
            #expect(try await peer.control(.post, "/play/kill", ["worker": .integer(foreign)]).status == 404)
            let answer = try await peer.control(.post, "/play/kill", ["worker": .integer(Int64(before[1]))])
            #expect(answer.json["killed"]?.integer == Int64(before[1]))
            while workers.alive.count == 2 { await Task.yield() }
            #expect(workers.alive == [before[0]])
            #expect(try await peer.control(.post, "/play/kill").json["killed"]?.integer == Int64(before[0]))
            #expect(peer.sandbox.log.entries().count { $0.name == "worker.killed" } == 2)
        }
    }
}
