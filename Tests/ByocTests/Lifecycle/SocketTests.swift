import Foundation
import Glibc
import Simulators
import Testing

extension EndToEnd {
    @Suite("The socket of byoc serve")
    struct Sockets {
        private static var unserved: ByocStack.Options {
            var options = ByocStack.Options()
            options.serves = false
            return options
        }

        @Test(
            "The file has exactly the mode that was asked for, and is gone after the end",
            arguments: ["0600", "0660", "0666"])
        func mode(_ wanted: String) async throws {
            try await withByocStack(Self.unserved) { stack in
                try await stack.startServing(["--socket", stack.socket, "--socket-mode", wanted, "--workers", "2"])
                #expect(isSocket(stack.socket))
                #expect(permissions(of: stack.socket) == Int(wanted, radix: 8))
                #expect(try await stack.stopServing() == 0)
                #expect(permissions(of: stack.socket) == nil)
            }
        }

        @Test("The file that a killed supervisor left behind is replaced")
        func stale() async throws {
            try await withByocStack { stack in
                let workers = stack.workers
                let supervisor = try #require(stack.serve)
                supervisor.signal(SIGKILL)
                #expect(await supervisor.wait(timeout: patience) == 128 + SIGKILL)
                // Without their supervisor they end by themselves.
                try await poll("the workers to be gone") { !workers.contains(where: Processes.isAlive) }
                #expect(isSocket(stack.socket), "nobody has removed it")
                try await stack.startServing()
                #expect(try await stack.stopServing() == 0)
                #expect(permissions(of: stack.socket) == nil)
            }
        }

        /// - Returns: the worker that is stopped without a supervisor; `nil` if it ended first: a worker looks for its
        ///   supervisor once a second, and that may have been just now.
        private func killSupervisor(of stack: ByocStack, stopping worker: pid_t?) async throws -> pid_t? {
            let worker = try #require(worker)
            let supervisor = try #require(stack.serve)
            supervisor.signal(SIGKILL)
            // Not stopped before the last thread of its parent has ended: then the system wakes those that are stopped. The
            // parent counts as dead already when its first thread has.
            try await poll("the worker to be an orphan") { Processes.parent(of: worker) != supervisor.pid }
            return try await Processes.stop(worker, outsideOfCommitsTo: stack.dataFolder) ? worker : nil
        }

        @Test("A killed supervisor is replaced at once, also while a worker of its hangs")
        func orphaned() async throws {
            try await withByocStack { stack in
                var workers = stack.workers
                var stopped = try await killSupervisor(of: stack, stopping: workers.first)
                for _ in 0..<20 where stopped == nil {
                    try await stack.startServing()
                    workers = stack.workers
                    stopped = try await killSupervisor(of: stack, stopping: workers.first)
                }
                let hanging = try #require(stopped)
                try await stack.startServing()
                #expect(Processes.isAlive(hanging))
                kill(hanging, SIGCONT)
                let orphans = workers
                try await poll("the old workers to be gone") { !orphans.contains(where: Processes.isAlive) }
                #expect(try await stack.get("/readyz").status == 200)
                #expect(try await stack.stopServing() == 0)
                #expect(permissions(of: stack.socket) == nil)
            }
        }

        @Test("A second byoc serve on a socket in use says whose it is, and disturbs nobody")
        func inUse() async throws {
            try await withByocStack { stack in
                let result = try await stack.run("serve", "--socket", stack.socket)
                #expect(result.status == 1)
                let supervisor = try #require(stack.serve?.pid)
                #expect(
                    result.errors.contains("Process \(supervisor) is listening on \(stack.socket) already. Stop it"),
                    "\(result)")
                #expect(try await stack.get("/readyz").status == 200)
                #expect(isSocket(stack.socket))
            }
        }

        @Test("A plain file at the path is left alone, and a path that is too long or nowhere is refused with words")
        func noSocket() async throws {
            try await withByocStack(Self.unserved) { stack in
                let file = "\(stack.folder)/letter"
                try "dear".write(toFile: file, atomically: false, encoding: .utf8)
                let isFile = try await stack.run("serve", "--socket", file)
                #expect(isFile.status == 1)
                #expect(isFile.errors.contains("\(file) exists and is not a socket"), "\(isFile)")
                #expect(stack.text(of: "letter") == "dear")
                let long = "/tmp/" + String(repeating: "long/", count: 30) + "byoc.sock"
                let isLong = try await stack.run("serve", "--socket", long)
                #expect(isLong.status == 1)
                #expect(isLong.errors.contains(long), "\(isLong)")
                let nowhere = "\(stack.folder)/nowhere/byoc.sock"
                let isNowhere = try await stack.run("serve", "--socket", nowhere)
                #expect(isNowhere.status == 1)
                #expect(isNowhere.errors.contains(nowhere), "\(isNowhere)")
            }
        }

        @Test("HOST:PORT is served as well")
        func tcp() async throws {
            try await withByocStack(Self.unserved) { stack in
                let port = try NginxConfiguration.freePort()
                try await stack.withProgram(
                    ByocStack.program, ["serve", "--socket", "127.0.0.1:\(port)", "--workers", "2"], name: "byoc"
                ) { _ in
                    try await poll("byoc to listen") { (try? RawClient(port: port)) != nil }
                    let client = try RawClient(port: port)
                    client.send(FastCGIRecords.request([("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/healthz")]))
                    #expect(String(decoding: client.receive(), as: UTF8.self).contains("Status: 200"))
                }
            }
        }
    }
}
