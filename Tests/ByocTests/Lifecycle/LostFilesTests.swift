import Foundation
import Glibc
import Simulators
import Testing

extension EndToEnd {
    @Suite("Files that are lost under running workers")
    struct LostFiles {
        private func database(_ stack: ByocStack) -> String { "\(stack.dataFolder)/byoc.sqlite" }

        private func waitForReadiness(_ stack: ByocStack) async throws {
            try await poll("readiness") { (try? await stack.get("/readyz"))?.status == 200 }
        }

        private func waitForAlarm(_ alarm: String, _ state: String = "raised", in stack: ByocStack) async throws {
            try await poll("the alarm to be \(state)") {
                stack.text(of: "byoc.log").split(separator: "\n").contains {
                    $0.contains("alarm \(state)") && $0.contains(alarm)
                }
            }
        }

        @Test("A deleted socket file is made again, and new workers take it over")
        func socket() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "before")
                let old = stack.workers
                #expect(unlink(stack.socket) == 0)
                try await waitForAlarm("socket.gone", in: stack)
                try await poll("new workers") {
                    let workers = stack.workers.filter(Processes.isAlive)
                    return workers.count == 2 && Set(workers).isDisjoint(with: old)
                }
                try await waitForReadiness(stack)
                try await waitForAlarm("socket.gone", "cleared", in: stack)
                try await stack.customerWritesAndArrives(customer, "after")
                // Another one in its place is another process's, and stays.
                let other = try await stack.run("serve", "--socket", stack.socket)
                #expect(
                    other.status == 1 && other.errors.contains("is listening on \(stack.socket) already"), "\(other)")
                let body = ViberSamples.message("by hand", from: customer, token: 5_851_650_804_048_790_000)
                #expect(try await stack.postViber(body, to: installed.targetURL).status == 200)
                #expect(try await stack.stopServing() == 0)
                #expect(!FileManager.default.fileExists(atPath: stack.socket))
            }
        }

        @Test("A reload finds out that the socket's file is gone, and doesn't succeed without one")
        func reload() async throws {
            try await withByocStack { stack in
                let folder = "\(stack.folder)/sockets"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
                try await stack.stopServing()
                let path = "\(folder)/byoc.sock"
                try FileManager.default.createSymbolicLink(atPath: stack.socket, withDestinationPath: path)
                try await stack.startServing(["--socket", path, "--workers", "2"])
                // Nobody can make a socket where there is no folder.
                try FileManager.default.moveItem(atPath: folder, toPath: folder + ".away")
                try await waitForAlarm("socket.gone", in: stack)
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
                stack.signal(SIGHUP)
                try await waitForReadiness(stack)
                try await waitForAlarm("socket.gone", "cleared", in: stack)
            }
        }

        @Test(
            "A moved database: an alarm, no readiness, 503, and no empty one in its place; it goes on when it is back")
        func moved() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "before")
                let workers = stack.workers
                try FileManager.default.moveItem(atPath: database(stack), toPath: database(stack) + ".away")
                let body = ViberSamples.message("meanwhile", from: customer, token: 5_851_650_804_048_790_000)
                let refused = try await stack.postViber(body, to: installed.targetURL)
                #expect(refused.status == 503 && refused["Retry-After"] != nil)
                try await waitForAlarm("store.gone", in: stack)
                try await poll("the figures") {
                    try await stack.get("/metrics").text.contains(#"byoc_alarm{alarm="store.gone""#)
                }
                let readiness = try await stack.get("/readyz")
                #expect(readiness.status == 503 && readiness.text.contains("byoc.sqlite is gone"), "\(readiness.text)")
                stack.signal(SIGHUP)
                try await poll("the reload to fail") { stack.text(of: "byoc.log").contains("reload failed") }
                #expect(!FileManager.default.fileExists(atPath: database(stack)))
                #expect(stack.workers.filter(Processes.isAlive) == workers)

                try FileManager.default.moveItem(atPath: database(stack) + ".away", toPath: database(stack))
                try await waitForReadiness(stack)
                #expect(try await stack.postViber(body, to: installed.targetURL).status == 200)
                try await stack.waitForInbox(of: customer) { $0 == ["before", "meanwhile"] }
                #expect(stack.workers.filter(Processes.isAlive) == workers)
            }
        }

        @Test("A whole folder that is gone is noticed, and no other is made in its place")
        func folder() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                try FileManager.default.moveItem(atPath: stack.dataFolder, toPath: stack.dataFolder + ".away")
                try await waitForAlarm("store.gone", in: stack)
                let body = ViberSamples.message("x", from: stack.viber.addCustomer(), token: 5_851_650_804_048_790_000)
                #expect(try await stack.postViber(body, to: installed.targetURL).status == 503)
                stack.signal(SIGHUP)
                try await poll("the reload to fail") { stack.text(of: "byoc.log").contains("reload failed") }
                #expect(!FileManager.default.fileExists(atPath: stack.dataFolder))
                try FileManager.default.moveItem(atPath: stack.dataFolder + ".away", toPath: stack.dataFolder)
                try await waitForReadiness(stack)
            }
        }

        @Test("A backup that is put in the database's place is opened by the workers themselves")
        func restored() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "before")
                let copy = "\(stack.folder)/copy.sqlite"
                #expect(try await stack.run("store", "backup", copy).status == 0)
                try await stack.customerWritesAndArrives(customer, "not in the backup")
                let old = stack.workers
                #expect(rename(copy, database(stack)) == 0)
                try await waitForAlarm("store.gone", in: stack)
                try await poll("new workers") {
                    let workers = stack.workers.filter(Processes.isAlive)
                    return workers.count == 2 && Set(workers).isDisjoint(with: old)
                }
                try await waitForReadiness(stack)
                try await stack.customerWritesAndArrives(customer, "after")
                #expect(try await stack.run("store", "check").status == 0)
                #expect(stack.inbox(of: customer) == ["before", "not in the backup", "after"])
            }
        }

        @Test("Nothing that was acknowledged is lost with the log", arguments: [["-wal"], ["-wal", "-shm"]])
        func log(suffixes: [String]) async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "before")
                #expect(try await stack.run("pause", installed.id).status == 0)
                let texts = (1...10).map { "number \($0)" }
                for (index, text) in texts.enumerated() {
                    let body = ViberSamples.message(
                        text, from: customer, token: 5_851_650_804_048_790_000 + Int64(index))
                    #expect(try await stack.postViber(body, to: installed.targetURL).status == 200)
                }
                let old = stack.workers
                for suffix in suffixes { #expect(unlink(database(stack) + suffix) == 0) }
                try await poll("new workers") {
                    let workers = stack.workers.filter(Processes.isAlive)
                    return workers.count == 2 && Set(workers).isDisjoint(with: old)
                }
                try await waitForReadiness(stack)
                #expect(try await stack.run("resume", installed.id).status == 0)
                try await stack.waitForInbox(of: customer) { $0 == ["before"] + texts }
                #expect(try await stack.run("store", "check").status == 0)
            }
        }
    }
}
