import Foundation
import Glibc
import Simulators
import Testing

extension EndToEnd {
    @Suite("A data folder that can't be written")
    struct UnwritableStore {
        @Test(
            "On a file system that is mounted read-only byoc says so at once, with the path and what to do",
            .enabled(if: MountNamespace.isAvailable, "this machine lets us mount nothing"))
        func readOnly() async throws {
            var options = ByocStack.Options()
            options.serves = false
            try await withByocStack(options) { stack in
                try await stack.makeStore()
                let mount = "mount --bind -o ro '\(stack.dataFolder)' '\(stack.dataFolder)'"
                let commands = [["serve", "--socket", stack.socket], ["installations"]]
                for command in commands {
                    let result = try await refusal(of: command, after: mount, stack)
                    #expect(result.contains(stack.dataFolder), "\(result)")
                    #expect(result.contains("read-only"), "\(result)")
                }
                // And where there is nothing yet.
                let above = "mount --bind -o ro '\(stack.folder)' '\(stack.folder)'"
                let fresh = "\(stack.folder)/none/data"
                let result = try await refusal(
                    of: commands[0] + ["--data-dir", fresh], after: above, stack)
                #expect(result.contains("\(stack.folder)/none"), "\(result)")
                #expect(result.contains("read-only"), "\(result)")
            }
        }

        /// Runs a command in a namespace of its own, and expects it to end with 1.
        ///
        /// - Returns: its error output.
        private func refusal(of command: [String], after mount: String, _ stack: ByocStack) async throws -> String {
            let name = "refusal-\(stack.nextCommand())"
            let process = try ChildProcess(
                MountNamespace.unshare, MountNamespace.arguments(mount, ByocStack.program, command),
                environment: stack.environment, directory: "/", output: "\(stack.folder)/\(name).out",
                errors: "\(stack.folder)/\(name).err")
            let status = await process.wait(timeout: patience)
            process.signal(SIGKILL)
            #expect(status == 1)
            #expect(stack.text(of: "\(name).out") == "")
            return stack.text(of: "\(name).err")
        }

        @Test("byoc serve waits for a data store that another program has locked, and says so")
        func locked() async throws {
            var options = ByocStack.Options()
            options.serves = false
            try await withByocStack(options) { stack in
                try await stack.makeStore()
                #expect(mkfifo("\(stack.folder)/release", 0o600) == 0)
                let holder = try ChildProcess(
                    "/usr/bin/sqlite3",
                    [
                        "\(stack.dataFolder)/byoc.sqlite", "BEGIN IMMEDIATE;", ".shell touch locked",
                        ".shell cat release", "COMMIT;",
                    ], environment: ["PATH": "/usr/bin:/bin"], directory: stack.folder,
                    output: "\(stack.folder)/sqlite.out", errors: "\(stack.folder)/sqlite.out")
                try await poll("the lock") { FileManager.default.fileExists(atPath: "\(stack.folder)/locked") }
                let waits = { @Sendable in stack.text(of: "byoc.log").contains("data store locked; retrying") }
                async let serving: Void = stack.startServing()
                try await poll("byoc to wait") { waits() }
                #expect(stack.text(of: "byoc.log").contains("\(stack.dataFolder)/byoc.sqlite is locked"))
                let opened = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(stack.folder)/release"))
                try opened.close()
                #expect(await holder.wait(timeout: patience) == 0, "\(stack.text(of: "sqlite.out"))")
                try await serving
                #expect(stack.workers.count == stack.options.workers)
            }
        }

        @Test("A data folder that is a file, or that others may look into, is refused with the path and what to do")
        func noFolder() async throws {
            var options = ByocStack.Options()
            options.serves = false
            try await withByocStack(options) { stack in
                let file = "\(stack.folder)/file"
                try "something".write(toFile: file, atomically: false, encoding: .utf8)
                let isFile = try await stack.run("serve", "--socket", stack.socket, "--data-dir", file)
                #expect(isFile.status == 1)
                #expect(isFile.errors.contains("\(file) is not a folder. Name another"), "\(isFile)")
                let shared = "\(stack.folder)/shared"
                try FileManager.default.createDirectory(
                    atPath: shared, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
                try "somebody's".write(toFile: "\(shared)/letter", atomically: false, encoding: .utf8)
                let isShared = try await stack.run("serve", "--socket", stack.socket, "--data-dir", shared)
                #expect(isShared.status == 1)
                #expect(isShared.errors.contains(shared), "\(isShared)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: shared) == ["letter"])
            }
        }

        @Test(
            "A disk that fills up: 503 with Retry-After, not ready, the workers live, and it goes on when there is room",
            .enabled(if: MountNamespace.isAvailable, "this machine lets us mount nothing"))
        func fullDisk() async throws {
            var options = ByocStack.Options()
            options.serves = false
            // In a namespace of its own no command reaches the store: the installation comes from the environment.
            options.environment = { about in
                [
                    // The disk is to be full indeed: it is smaller than the reserve.
                    "BYOC_DISK_RESERVE": "0",
                    "BYOC_CHANNEL": "viber", "BYOC_VIBER_AUTH_TOKEN": about.viber.token,
                    "BYOC_VIBER_API_BASE_URL": about.viber.url, "BYOC_FRESHCHAT_BASE_URL": about.freshchat.url,
                    "BYOC_FRESHCHAT_TOKEN": about.freshchat.token,
                    "BYOC_FRESHCHAT_TOPIC": about.freshchat.topics[0].id,
                    "BYOC_FRESHCHAT_WEBHOOK_KEY": about.freshchat.webhookPublicKey.replacing("\n", with: "\\n"),
                ]
            }
            try await withByocStack(options) { stack in
                try FileManager.default.createDirectory(atPath: stack.dataFolder, withIntermediateDirectories: false)
                let arguments = MountNamespace.arguments(
                    "mount -t tmpfs -o size=24m,mode=700 none '\(stack.dataFolder)'", ByocStack.program,
                    ["serve", "--socket", stack.socket, "--workers", "2"])
                try await stack.withProgram(MountNamespace.unshare, arguments, name: "byoc") { serve in
                    try await stack.wait(for: "the registration") { stack.viber.webhook() != nil }
                    let target = try #require(stack.viber.webhook()?.url)
                    let customer = stack.viber.addCustomer()
                    try await stack.customerWritesAndArrives(customer, "before")
                    let workers = Processes.children(of: serve.pid)
                    #expect(workers.count == 2)

                    let filling = MountNamespace.path("\(stack.dataFolder)/filling", of: serve.pid)
                    try fill(filling)
                    // What fits into the last page is still taken, and counts.
                    let taken = try await postUntilRefused(stack, customer, target)
                    let notReady = try await stack.get("/readyz")
                    #expect(notReady.status == 503)
                    #expect(notReady.text.contains("disk is full"), "\(notReady.text)")
                    #expect(notReady["Retry-After"] != nil)
                    #expect(try await stack.get("/healthz").status == 200)
                    #expect(Processes.children(of: serve.pid) == workers)

                    try FileManager.default.removeItem(atPath: filling)
                    try await poll("readiness") { try await stack.get("/readyz").status == 200 }
                    // The provider's repeat of what was refused.
                    let repeated = ViberSamples.message(
                        "number \(taken)", from: customer, token: 5_851_650_804_048_788_000 + Int64(taken))
                    #expect(try await stack.postViber(repeated, to: target).status == 200)
                    try await stack.waitForInbox(of: customer) { $0.contains("number \(taken)") }
                    #expect(stack.inbox(of: customer) == ["before"] + (0...taken).map { "number \($0)" })
                    #expect(stack.users(of: customer).count == 1)
                    #expect(Processes.children(of: serve.pid) == workers)
                }
            }
        }

        @Test(
            "On a full disk nothing is ready, though a few bytes still find room in the log and no reserve is kept",
            .enabled(if: MountNamespace.isAvailable, "this machine lets us mount nothing"))
        func fullDiskWithRoomInTheLog() async throws {
            var options = ByocStack.Options()
            options.serves = false
            options.environment = { _ in ["BYOC_DISK_RESERVE": "0", "BYOC_RELAY_CONCURRENCY": "0"] }
            try await withByocStack(options) { stack in
                try FileManager.default.createDirectory(atPath: stack.dataFolder, withIntermediateDirectories: false)
                let arguments = MountNamespace.arguments(
                    "mount -t tmpfs -o size=64m,mode=700 none '\(stack.dataFolder)'", ByocStack.program,
                    ["serve", "--socket", stack.socket, "--workers", "1"])
                try await stack.withProgram(MountNamespace.unshare, arguments, name: "byoc") { serve in
                    try await poll("readiness") { (try? await stack.get("/readyz"))?.status == 200 }
                    // A log longer than the workers let it become: it begins anew, in the room that it has.
                    let database = MountNamespace.path("\(stack.dataFolder)/byoc.sqlite", of: serve.pid)
                    try await stack.alter(
                        database,
                        "CREATE TABLE ballast (b); INSERT INTO ballast VALUES (zeroblob(9000000)); DROP TABLE ballast")
                    @Sendable func length() throws -> Int {
                        try #require(
                            FileManager.default.attributesOfItem(atPath: database + "-wal")[.size] as? Int)
                    }
                    try await poll("the log to begin anew") {
                        let before = try length()
                        for _ in 0..<5 { #expect(try await stack.get("/readyz").status == 200) }
                        return try length() == before
                    }
                    try fill(MountNamespace.path("\(stack.dataFolder)/filling", of: serve.pid))
                    let notReady = try await stack.get("/readyz")
                    #expect(notReady.status == 503)
                    #expect(notReady.text.contains("disk is full"), "\(notReady.text)")
                    try FileManager.default.removeItem(
                        atPath: MountNamespace.path("\(stack.dataFolder)/filling", of: serve.pid))
                    #expect(try await stack.get("/readyz").status == 200)
                }
            }
        }

        /// Writes a file until there is no room for another byte.
        private func fill(_ path: String) throws {
            let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw StackFailure("can't make \(path)") }
            defer { close(descriptor) }
            var bytes = [UInt8](repeating: 0, count: 64 << 10)
            while !bytes.isEmpty {
                if write(descriptor, bytes, bytes.count) <= 0 { bytes.removeLast((bytes.count + 1) / 2) }
            }
            #expect(errno == ENOSPC)
        }

        /// - Returns: how many messages were taken before the first that wasn't.
        private func postUntilRefused(_ stack: ByocStack, _ customer: String, _ target: String) async throws -> Int {
            for number in 0..<5000 {
                let body = ViberSamples.message(
                    "number \(number)", from: customer, token: 5_851_650_804_048_788_000 + Int64(number))
                let answer = try await stack.postViber(body, to: target)
                if answer.status == 200 { continue }
                #expect(answer.status == 503)
                #expect(answer["Retry-After"].flatMap { Int($0) } != nil)
                #expect(!answer.text.contains(stack.folder), "the sender need not know our paths")
                return number
            }
            throw StackFailure("everything was taken on a full disk")
        }
    }
}
