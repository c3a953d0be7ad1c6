import Foundation
import Glibc
import Testing

@testable import FastCGI

/// A real nginx in a directory of its own, stopped at the end of its life.
final class Nginx: Sendable {
    let port: UInt16
    private let directory: TemporaryDirectory
    private let process: pid_t

    /// - Parameters:
    ///   - keepalive: Idle connections to keep to the responder for each nginx worker; 0 turns keeping off.
    ///   - triesAgain: Whether nginx may repeat a request on a new connection when a kept one turns out to be closed.
    init(passingTo socket: String, keepalive: Int, triesAgain: Bool = true, server: String = "") throws {
        directory = TemporaryDirectory()
        port = try Self.freePort()
        let path = directory.path
        let configuration = """
            \(getuid() == 0 ? "user root;" : "")
            daemon off;
            worker_processes 2;
            pid \(path)/pid;
            error_log \(path)/error.log warn;
            events { worker_connections 256; }
            http {
                access_log off;
                client_body_temp_path \(path)/body;
                proxy_temp_path \(path)/proxy;
                fastcgi_temp_path \(path)/fastcgi;
                uwsgi_temp_path \(path)/uwsgi;
                scgi_temp_path \(path)/scgi;
                client_max_body_size 64m;
                upstream responder {
                    server unix:\(socket) max_fails=0;
                    \(keepalive > 0 ? "keepalive \(keepalive);" : "")
                }
                server {
                    listen 127.0.0.1:\(port);
                    keepalive_requests 100000;
                    \(server)
                    location / {
                        fastcgi_pass responder;
                        fastcgi_keep_conn \(keepalive > 0 ? "on" : "off");
                        fastcgi_next_upstream \(triesAgain ? "error timeout non_idempotent" : "off");
                        fastcgi_param REQUEST_METHOD $request_method;
                        fastcgi_param REQUEST_URI $request_uri;
                        fastcgi_param QUERY_STRING $query_string;
                        fastcgi_param CONTENT_TYPE $content_type;
                        fastcgi_param CONTENT_LENGTH $content_length;
                        fastcgi_param SCRIPT_NAME "";
                        fastcgi_param PATH_INFO $uri;
                        fastcgi_param REMOTE_ADDR $remote_addr;
                        fastcgi_param HTTPS $https if_not_empty;
                    }
                }
            }
            """
        try configuration.write(toFile: path + "/nginx.conf", atomically: true, encoding: .utf8)
        process = try Self.spawn(["/usr/sbin/nginx", "-p", path, "-c", path + "/nginx.conf", "-e", path + "/error.log"])
        // Until it listens, and as long as it lives.
        while true {
            if let descriptor = try? connectedSocket(toPort: port) {
                close(descriptor)
                return
            }
            var status: Int32 = 0
            if waitpid(process, &status, WNOHANG) != 0 {
                throw SystemFailure("nginx: \(errors)", code: ECHILD)
            }
            sched_yield()
        }
    }

    deinit {
        kill(process, SIGTERM)
        var status: Int32 = 0
        waitpid(process, &status, 0)
    }

    /// What nginx has complained of.
    var errors: String {
        (try? String(contentsOfFile: directory.path + "/error.log", encoding: .utf8)) ?? ""
    }

    func connection() throws -> HTTPConnection { try HTTPConnection(port: port) }

    private static func freePort() throws -> UInt16 {
        let socket = try ListeningSocket.open(at: "127.0.0.1:0")
        defer { socket.close() }
        guard case .tcp(_, let port)? = socket.address else { throw SystemFailure("port") }
        return port
    }

    private static func spawn(_ arguments: [String]) throws -> pid_t {
        var process: pid_t = 0
        var words = arguments.map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        let code = posix_spawn(&process, arguments[0], nil, nil, words, environ)
        guard code == 0 else { throw SystemFailure("starting \(arguments[0])", code: code) }
        return process
    }
}

/// One HTTP/1.1 connection, kept.
final class HTTPConnection: Sendable {
    private let descriptor: Int32

    struct Reply {
        var status = 0
        var head = ""
        var body = ""
    }

    init(port: UInt16) throws {
        descriptor = try connectedSocket(toPort: port)
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout.size(ofValue: patience)))
    }

    deinit {
        close(descriptor)
    }

    func send(_ bytes: [UInt8]) -> Bool { sendAll(bytes, to: descriptor) }

    func send(_ text: String) { _ = send(Array(text.utf8)) }

    func request(_ method: String, _ target: String, fields: String = "", body: [UInt8] = []) -> Reply {
        let length = body.isEmpty && method != "POST" ? "" : "Content-Length: \(body.count)\r\n"
        _ = send(Array("\(method) \(target) HTTP/1.1\r\nHost: relay.example\r\n\(length)\(fields)\r\n".utf8) + body)
        return receive(isHead: method == "HEAD")
    }

    func receive(isHead: Bool = false) -> Reply {
        var reply = Reply()
        var bytes: [UInt8] = []
        while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard let byte = receive(1).first else { return reply }
            bytes.append(byte)
        }
        reply.head = String(decoding: bytes, as: UTF8.self)
        reply.status = reply.head.split(separator: " ").dropFirst().first.flatMap { Int($0.prefix(3)) } ?? 0
        guard !isHead else { return reply }
        let length = reply.head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        let count = length.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
        reply.body = String(decoding: receive(count), as: UTF8.self)
        return reply
    }

    private func receive(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            while filled < count {
                let got = read(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled)
                guard got > 0 else { break }
                filled += got
            }
        }
    }
}
