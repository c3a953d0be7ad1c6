// The nginx of the tests: the blocks of nginx.conf.example as they are shipped, on a free port and without TLS.

import Foundation
import Glibc

struct NginxConfiguration {
    var folder: String
    var port: Int
    var socket: String
    /// `fastcgi_keep_conn`.
    var keepsConnections = true
    /// The example's limit of requests per address.
    var limitsRate = false

    static var program: String {
        ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"]
            .first { FileManager.default.isExecutableFile(atPath: $0) } ?? "/usr/sbin/nginx"
    }

    /// The whole file. The upstream, the log's format and both locations are the example's own text.
    func text() throws -> String {
        let example = try String(contentsOfFile: Self.examplePath, encoding: .utf8)
        func block(_ start: String) throws -> String {
            guard let block = Self.block(of: example, startingWith: start) else {
                throw StackFailure("nginx.conf.example has no block “\(start)”")
            }
            return block
        }
        var upstream = try block("upstream byoc {")
        var hooks = try block("location ~ ^/(hook|")
        var pages = try block("location ~ ^/admin")
        var probes = try block("location ~ ^/(healthz|")
        upstream = upstream.replacing("unix:/run/byoc/byoc.sock", with: "unix:\(socket)")
        for (key, value) in [
            ("include fastcgi_params;", "include /etc/nginx/fastcgi_params;"),
            ("fastcgi_keep_conn on;", keepsConnections ? "fastcgi_keep_conn on;" : "fastcgi_keep_conn off;"),
        ] {
            hooks = hooks.replacing(key, with: value)
            pages = pages.replacing(key, with: value)
            probes = probes.replacing(key, with: value)
        }
        if !limitsRate {
            hooks = Self.lines(of: hooks) { !$0.contains("limit_req") }
            pages = Self.lines(of: pages) { !$0.contains("limit_req") }
        }
        if !keepsConnections {
            upstream = Self.lines(of: upstream) { !$0.contains("keepalive") }
        }
        return """
            \(geteuid() == 0 ? "user root;" : "")
            worker_processes 1;
            pid \(folder)/nginx.pid;
            error_log \(folder)/nginx.error.log warn;
            events { worker_connections 1024; }
            http {
            client_body_temp_path \(folder)/nginx-body;
            fastcgi_temp_path \(folder)/nginx-fastcgi;
            proxy_temp_path \(folder)/nginx-proxy;
            uwsgi_temp_path \(folder)/nginx-uwsgi;
            scgi_temp_path \(folder)/nginx-scgi;
            \(upstream)
            \(Self.lines(of: example) { $0.contains("limit_req_zone") })
            \(try block("map $uri $byoc_uri {"))
            \(Self.lines(of: example) { $0.contains("log_format byoc") || $0.contains("$upstream_response_time") })
            access_log \(folder)/nginx.access.log byoc;
            server {
            listen 127.0.0.1:\(port);
            \(Self.lines(of: example) { $0.contains("client_") && $0.hasSuffix(";") })
            keepalive_requests 100000;
            \(hooks)
            \(pages)
            \(probes)
            location / { return 404; }
            }
            }
            """
    }

    /// Beside Package.swift.
    private static let examplePath =
        URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("nginx.conf.example").path

    private static func lines(of text: String, _ isWanted: (String) -> Bool) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).filter(isWanted)
            .joined(separator: "\n")
    }

    private static func block(of text: String, startingWith start: String) -> String? {
        guard let range = text.firstRange(of: start) else { return nil }
        // The braces in the pattern of a location come in pairs as well.
        var depth = 0
        for index in text[range.lowerBound...].indices {
            if text[index] == "{" { depth += 1 }
            guard text[index] == "}" else { continue }
            depth -= 1
            if depth == 0 { return String(text[range.lowerBound...index]) }
        }
        return nil
    }

    /// A TCP port that nobody listens on just now.
    static func freePort() throws -> Int {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw StackFailure("no socket") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        guard code == 0 else { throw StackFailure("no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
