import Foundation
import Glibc
import Simulators
import Testing

extension EndToEnd {
    @Suite("SIGHUP")
    struct Reload {
        /// Starts byoc with a settings file, which is where what a reload changes comes from.
        private func serve(_ stack: ByocStack, with settings: String) async throws {
            try write(settings, stack)
            try await stack.startServing(
                ["--socket", stack.socket, "--workers", "2", "--env-file", "\(stack.folder)/env"])
        }

        private func write(_ settings: String, _ stack: ByocStack) throws {
            try settings.write(toFile: "\(stack.folder)/env", atomically: true, encoding: .utf8)
        }

        private func waitForNewWorkers(_ stack: ByocStack, insteadOf old: [pid_t]) async throws {
            try await poll("only new workers") {
                let workers = stack.workers.filter(Processes.isAlive)
                return workers.count == 2 && Set(workers).isDisjoint(with: old)
            }
        }

        @Test(
            "Under load, several times in a row: not one failed request, and new workers each time",
            arguments: [true, false])
        func underLoad(keepsConnections: Bool) async throws {
            var options = ByocStack.Options()
            options.keepsConnections = keepsConnections
            try await withByocStack(options) { stack in
                let installed = try await stack.installViber()
                let supervisor = stack.serve?.pid
                let (load, _) = try await stack.underLoad(to: installed.targetURL) { load in
                    for _ in 1...3 {
                        let old = stack.workers
                        stack.signal(SIGHUP)
                        try await waitForNewWorkers(stack, insteadOf: old)
                        try await load.waitForAnswers(50)
                    }
                    // One that is asked for during another one.
                    let old = stack.workers
                    for _ in 1...5 { stack.signal(SIGHUP) }
                    try await waitForNewWorkers(stack, insteadOf: old)
                    try await load.waitForAnswers(50)
                }
                #expect(load.refusals == [])
                #expect(stack.serve?.pid == supervisor)
                #expect(stack.serve?.ending == nil)
                #expect(try await stack.arrivesOnceAndInOrder(load))
                let log = stack.text(of: "byoc.log")
                #expect(!log.contains("worker ended"))
                #expect(!log.contains("worker killed"))
            }
        }

        @Test("What has changed in the settings file is in force afterwards")
        func newSettings() async throws {
            var options = ByocStack.Options()
            options.serves = false
            try await withByocStack(options) { stack in
                try await serve(stack, with: "BYOC_THREADS=3\nBYOC_BODY_LIMIT=4M\n")
                let installed = try await stack.installViber()
                let old = stack.workers
                #expect(old.map { Processes.threads(of: $0, named: "fastcgi-") } == [3, 3])
                let body = [UInt8](repeating: UInt8(ascii: " "), count: 5000)
                #expect(try await stack.postViber(body, to: installed.targetURL).status == 400)

                try write("BYOC_THREADS=5\nBYOC_BODY_LIMIT=4K\n", stack)
                stack.signal(SIGHUP)
                try await waitForNewWorkers(stack, insteadOf: old)
                #expect(
                    stack.workers.filter(Processes.isAlive).map { Processes.threads(of: $0, named: "fastcgi-") } == [
                        5, 5,
                    ])
                #expect(try await stack.postViber(body, to: installed.targetURL).status == 413)
                try await stack.customerWritesAndArrives(stack.viber.addCustomer(), "still there")
            }
        }

        @Test("A reload with a mistake in the configuration keeps the old workers and says what is wrong")
        func brokenSettings() async throws {
            var options = ByocStack.Options()
            options.serves = false
            try await withByocStack(options) { stack in
                try await serve(stack, with: "BYOC_THREADS=3\n")
                let installed = try await stack.installViber()
                let old = stack.workers
                let (load, _) = try await stack.underLoad(to: installed.targetURL) { load in
                    for settings in ["BYOC_THREADS=none\n", "BYOC_THREAD=3\n"] {
                        let before = stack.text(of: "byoc.log").ranges(of: "reload failed").count
                        try write(settings, stack)
                        stack.signal(SIGHUP)
                        try await poll("the failure to be told") {
                            stack.text(of: "byoc.log").ranges(of: "reload failed").count > before
                        }
                        try await load.waitForAnswers(50)
                    }
                }
                #expect(load.refusals == [])
                try await poll("the failed workers to be gone") { stack.workers.filter(Processes.isAlive) == old }
                let log = stack.text(of: "byoc.log")
                #expect(log.contains("BYOC_THREADS is “none”"))
                #expect(log.contains("did you mean BYOC_THREADS?"))
                #expect(try await stack.arrivesOnceAndInOrder(load))

                try write("BYOC_THREADS=4\n", stack)
                stack.signal(SIGHUP)
                try await waitForNewWorkers(stack, insteadOf: old)
                #expect(
                    stack.workers.filter(Processes.isAlive).map { Processes.threads(of: $0, named: "fastcgi-") } == [
                        4, 4,
                    ])
            }
        }
    }
}
