// Programs beside the usual ones: another nginx, Debian's fcgiwrap, spawn-fcgi, mount namespaces. All are ended with the
// body that they were started for.

import Foundation
import Glibc
import NIOHTTP1
import Simulators
import Testing

extension ByocStack {
    /// `GET`, through the stack's nginx or another one.
    func get(_ target: String) async throws -> HTTPAnswer { try await request(.GET, target) }

    /// Runs a program while the body runs; then it and its children are ended.
    ///
    /// - Parameters:
    ///   - environment: the whole of it; nil: byoc's.
    ///   - name: of its log.
    ///   - ending: the signal that ends it.
    func withProgram<Result: Sendable>(
        _ program: String, _ arguments: [String], environment: [String: String]? = nil, name: String,
        endedBy ending: Int32 = SIGTERM,
        _ body: @Sendable (ChildProcess) async throws -> Result
    ) async throws -> Result {
        let process = try ChildProcess(
            program, arguments, environment: environment ?? self.environment, directory: folder,
            output: "\(folder)/\(name).log", errors: "\(folder)/\(name).log")
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await body(process))
        } catch {
            noteFailure()
            print("──── \(name).log\n\(text(of: "\(name).log").suffix(4000))")
            outcome = .failure(error)
        }
        // A task of its own: it is to be done as well when this one is cancelled.
        await Task {
            let children = Processes.children(of: process.pid)
            process.signal(ending)
            // Not every program ends its children.
            for child in children { Glibc.kill(child, ending) }
            if await process.wait(timeout: .seconds(20)) == nil { process.signal(SIGKILL) }
            for child in children where Processes.isAlive(child) { self.kill(child) }
        }.value
        return try outcome.get()
    }

    /// Runs another nginx, with the shipped configuration, while the body runs.
    ///
    /// - Parameters:
    ///   - socket: where it finds byoc.
    ///   - change: of the configuration.
    /// - Returns: what the body returns; it is given the address of this nginx.
    func withNginx<Result: Sendable>(
        _ name: String, socket: String, _ change: (String) -> String = { $0 },
        _ body: @Sendable (String) async throws -> Result
    ) async throws -> Result {
        let own = "\(folder)/\(name)"
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        let port = try NginxConfiguration.freePort()
        let text = try NginxConfiguration(
            folder: own, port: port, socket: socket, keepsConnections: options.keepsConnections
        ).text()
        try change(text).write(toFile: "\(own)/nginx.conf", atomically: false, encoding: .utf8)
        return try await withNginx(own, name: name, port: port, body)
    }

    private func withNginx<Result: Sendable>(
        _ own: String, name: String, port: Int, _ body: @Sendable (String) async throws -> Result
    ) async throws -> Result {
        try await withProgram(
            NginxConfiguration.program,
            ["-p", own, "-c", "\(own)/nginx.conf", "-e", "\(own)/nginx.error.log", "-g", "daemon off;"], name: name
        ) { nginx in
            let address = "http://127.0.0.1:\(port)"
            try await poll("\(name) to listen") {
                guard nginx.ending == nil else { throw StackFailure("\(name) has ended") }
                return (try? await self.get("\(address)/")) != nil
            }
            return try await body(address)
        }
    }

    /// Runs byoc as a CGI program, by Debian's fcgiwrap behind an nginx of its own, while the body runs.
    ///
    /// The program is the wrapper in deploy/cgi with its two paths filled in.
    ///
    /// - Parameters:
    ///   - settings: of the environment file that the wrapper names, besides the data folder and the base URL.
    ///   - body: is given the program's URL.
    func withCGI<Result: Sendable>(
        _ settings: [String: String] = [:], _ body: @Sendable (String) async throws -> Result
    ) async throws -> Result {
        let own = "\(folder)/cgi"
        try FileManager.default.createDirectory(atPath: "\(own)/cgi-bin", withIntermediateDirectories: true)
        let port = try NginxConfiguration.freePort()
        let url = "http://127.0.0.1:\(port)/cgi-bin/byoc.cgi"
        let lines = ["BYOC_DATA_DIR": dataFolder, "BYOC_BASE_URL": url].merging(settings) { $1 }
        try lines.map { "\($0.key)=\($0.value)\n" }.joined()
            .write(toFile: "\(own)/env", atomically: false, encoding: .utf8)
        let wrapper = try String(contentsOfFile: "\(Self.repository)/deploy/cgi/byoc.cgi", encoding: .utf8)
            .replacing("/home/you/byoc/byoc", with: Self.program).replacing("/home/you/byoc/env", with: "\(own)/env")
        try wrapper.write(toFile: "\(own)/cgi-bin/byoc.cgi", atomically: false, encoding: .utf8)
        guard chmod("\(own)/cgi-bin/byoc.cgi", 0o755) == 0 else { throw StackFailure("chmod") }
        try Self.cgiConfiguration(own, port: port)
            .write(toFile: "\(own)/nginx.conf", atomically: false, encoding: .utf8)
        // Nothing but what the web server gives: the wrapper's settings file has to do.
        return try await withProgram(
            "/usr/sbin/fcgiwrap", ["-c", "6", "-s", "unix:\(own)/wrap.sock"],
            environment: ["PATH": "/usr/bin:/bin"], name: "fcgiwrap",
            // It has no ear for SIGTERM while it waits for a request.
            endedBy: SIGKILL
        ) { _ in
            try await poll("fcgiwrap to listen") { (try? RawClient(path: "\(own)/wrap.sock")) != nil }
            return try await self.withNginx(own, name: "nginx-cgi", port: port) { _ in try await body(url) }
        }
    }

    private static func cgiConfiguration(_ own: String, port: Int) -> String {
        """
        \(geteuid() == 0 ? "user root;" : "")
        worker_processes 1;
        pid \(own)/nginx.pid;
        events { worker_connections 256; }
        http {
        client_body_temp_path \(own)/nginx-body;
        fastcgi_temp_path \(own)/nginx-fastcgi;
        proxy_temp_path \(own)/nginx-proxy;
        uwsgi_temp_path \(own)/nginx-uwsgi;
        scgi_temp_path \(own)/nginx-scgi;
        access_log off;
        server {
        listen 127.0.0.1:\(port);
        location /cgi-bin/ {
        include /etc/nginx/fastcgi_params;
        fastcgi_split_path_info ^(/cgi-bin/byoc\\.cgi)(/.*)$;
        fastcgi_param SCRIPT_FILENAME \(own)$fastcgi_script_name;
        fastcgi_param PATH_INFO $fastcgi_path_info;
        fastcgi_pass unix:\(own)/wrap.sock;
        }
        }
        }
        """
    }

    /// Where Package.swift lies.
    static let repository = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
}

/// Mounts that only one process and its children see, and that end with them.
enum MountNamespace {
    static let unshare = "/usr/bin/unshare"

    /// Without root, a user namespace gives the right to mount.
    private static let options = geteuid() == 0 ? ["-m"] : ["-m", "-r"]

    /// The arguments of `unshare` for a program that runs after a shell's command, which finds the program and its
    /// arguments in `"$0" "$@"`.
    static func arguments(_ command: String, _ program: String, _ arguments: [String]) -> [String] {
        options + ["sh", "-c", "\(command) && exec \"$0\" \"$@\"", program] + arguments
    }

    /// Whether this machine lets us mount.
    static let isAvailable: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: unshare)
        process.arguments = arguments("mount -t tmpfs none /mnt", "true", [])
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    /// A path as a process in another namespace sees it.
    static func path(_ path: String, of pid: pid_t) -> String { "/proc/\(pid)/root\(path)" }
}
