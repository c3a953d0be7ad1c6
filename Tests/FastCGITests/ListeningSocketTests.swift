import Foundation
import Glibc
import Testing

@testable import FastCGI

@Suite struct ListeningAddressTests {
    @Test(
        "An address is a path or a host and a port",
        arguments: [
            ("/run/byoc.sock", .path("/run/byoc.sock")), ("byoc.sock", .path("byoc.sock")), ("./a:1", .path("./a:1")),
            ("unix:/run/a", .path("/run/a")), ("unix:a:9", .path("a:9")),
            ("127.0.0.1:9000", .tcp(host: "127.0.0.1", port: 9000)), ("[::1]:80", .tcp(host: "::1", port: 80)),
            ("localhost:1", .tcp(host: "localhost", port: 1)), (":9000", .tcp(host: "127.0.0.1", port: 9000)),
        ] as [(String, ListeningAddress)])
    func parse(text: String, expected: ListeningAddress) throws {
        #expect(try ListeningAddress(text) == expected)
        #expect(try ListeningAddress(expected.description) == expected || text.contains("unix:"))
    }

    @Test(
        "What is neither is refused",
        arguments: ["", "host:", "host:port", "a:70000", "::1:80", "a:-1", "unix:", "[[a]:1", "a]:1"])
    func malformed(text: String) {
        #expect(throws: ListeningSocket.Failure.malformedAddress(text)) { try ListeningAddress(text) }
    }

    @Test("A path may have 107 bytes and no more")
    func length() throws {
        _ = try ListeningAddress("/" + String(repeating: "a", count: 106))
        let long = "/" + String(repeating: "ж", count: 54)
        let failure = try #require(throws: ListeningSocket.Failure.self) { try ListeningAddress(long) }
        #expect(failure == .pathTooLong(long))
        #expect("\(failure)".contains("109 bytes"))
    }
}

extension OverTheWire {
    @Suite struct ListeningSocketTests {
        private let directory = TemporaryDirectory()
        private var path: String { directory.path + "/s" }

        @Test(
            "The socket file has the mode asked for, whatever the umask",
            arguments: [0o600, 0o660, 0o666, 0o777] as [mode_t])
        func mode(mode: mode_t) throws {
            for mask: mode_t in [0o000, 0o077, 0o777] {
                let before = umask(mask)
                defer { umask(before) }
                let socket = try ListeningSocket.open(at: path, mode: mode)
                defer {
                    socket.removeFile()
                    socket.close()
                }
                var status = stat()
                #expect(stat(path, &status) == 0)
                #expect(status.st_mode & 0o7777 == mode)
                #expect(fcntl(socket.descriptor, F_GETFD) & FD_CLOEXEC != 0)
                #expect(ListeningSocket.isListening(socket.descriptor))
            }
        }

        @Test("The file is made with no more than its mode, before anything is added")
        func window() throws {
            let before = umask(0)
            defer { umask(before) }
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            #expect(fchmod(descriptor, 0o600) == 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            #expect(result == 0)
            var status = stat()
            #expect(stat(path, &status) == 0)
            #expect(status.st_mode & 0o7777 == 0o600)
        }

        @Test("A socket file that nobody listens on is replaced")
        func stale() throws {
            try ListeningSocket.open(at: path).close()
            #expect(FileManager.default.fileExists(atPath: path))
            let socket = try ListeningSocket.open(at: path)
            #expect(throws: Never.self) { try FastCGIClient(to: path) }
            socket.close()
        }

        @Test(
            "A socket that somebody listens on is left alone, and the process is named", arguments: [511, 0] as [Int32])
        func live(backlog: Int32) throws {
            let socket = try ListeningSocket.open(at: path, backlog: backlog)
            defer { socket.close() }
            let failure = try #require(throws: ListeningSocket.Failure.self) { try ListeningSocket.open(at: path) }
            #expect(failure == .inUse(.path(path), process: getpid()))
            #expect("\(failure)".contains("Process \(getpid()) is listening"))
            // The probe has filled the shorter backlog: a full one is a sign of life too.
            #expect(throws: ListeningSocket.Failure.self) { try ListeningSocket.open(at: path) }
            #expect(throws: ListeningSocket.Failure.self) { try ListeningSocket.open(at: path) }
            #expect(FileManager.default.fileExists(atPath: path))
        }

        @Test("A socket of a process that is dead is replaced, though its children still listen")
        func orphaned() throws {
            let first = try ListeningSocket.open(at: path)
            let child = dup(first.descriptor)
            defer { close(child) }
            first.close()
            let second = try ListeningSocket.open(at: path)
            #expect(throws: ListeningSocket.Failure.inUse(.path(path), process: getpid())) {
                try ListeningSocket.open(at: path)
            }
            second.removeFile()
            second.close()
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
        }

        @Test("The mark of an earlier owner says nothing of a socket that somebody else has made since")
        func othersSocket() throws {
            let first = try ListeningSocket.open(at: path)
            let child = dup(first.descriptor)
            defer { close(child) }
            try FileManager.default.removeItem(atPath: path + ".owner")
            first.close()
            #expect(throws: ListeningSocket.Failure.self) { try ListeningSocket.open(at: path) }
            try "1 2 3.4".write(toFile: path + ".owner", atomically: true, encoding: .utf8)
            #expect(throws: ListeningSocket.Failure.self) { try ListeningSocket.open(at: path) }
        }

        @Test("A link, or anybody's other file, where the owner's mark would be is left as it is")
        func ownersLink() throws {
            let letter = directory.path + "/letter"
            try "dear".write(toFile: letter, atomically: false, encoding: .utf8)
            for make in [symlink, link] {
                #expect(make(letter, path + ".owner") == 0)
                let socket = try ListeningSocket.open(at: path)
                #expect(try String(contentsOfFile: letter, encoding: .utf8) == "dear")
                socket.removeFile()
                socket.close()
                unlink(path + ".owner")
            }
            #expect(mkfifo(path + ".owner", 0o600) == 0)
            let socket = try ListeningSocket.open(at: path)
            #expect(throws: ListeningSocket.Failure.inUse(.path(path), process: getpid())) {
                try ListeningSocket.open(at: path)
            }
            socket.close()
        }

        @Test("A file that is deleted, moved or replaced keeps web servers from connecting, and another can be made")
        func lost() throws {
            let socket = try ListeningSocket.open(at: path)
            defer { socket.close() }
            #expect(socket.obstacle == nil)
            try FileManager.default.moveItem(atPath: path, toPath: path + "2")
            #expect(socket.obstacle == "the socket file \(path) is gone")
            try "letter".write(toFile: path, atomically: false, encoding: .utf8)
            #expect(socket.obstacle == "the socket file \(path) was replaced by another")
            unlink(path)
            try FileManager.default.moveItem(atPath: path + "2", toPath: path)
            #expect(socket.obstacle == nil)
            unlink(path)
            socket.disown()
            let second = try ListeningSocket.open(at: path)
            #expect(second.obstacle == nil)
            #expect(socket.obstacle != nil)
            #expect(throws: ListeningSocket.Failure.inUse(.path(path), process: getpid())) {
                try ListeningSocket.open(at: path)
            }
            second.removeFile()
            second.close()
        }

        @Test("What is not a socket is never deleted")
        func notASocket() throws {
            try "precious".write(toFile: path, atomically: true, encoding: .utf8)
            let link = path + "-link"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
            for name in [path, directory.path, link] {
                #expect(throws: ListeningSocket.Failure.notASocket(path: name)) { try ListeningSocket.open(at: name) }
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
        }

        @Test("A directory that is not there is said so")
        func noDirectory() throws {
            let failure = try #require(throws: ListeningSocket.Failure.self) {
                try ListeningSocket.open(at: directory.path + "/no/s")
            }
            #expect("\(failure)".contains("No such file or directory"))
        }

        @Test("Only the file that was made is removed at the end")
        func removal() throws {
            let first = try ListeningSocket.open(at: path)
            first.close()
            // Moved away and not deleted, so that the second can't come by the same inode.
            #expect(rename(path, path + "-old") == 0)
            let second = try ListeningSocket.open(at: path)
            first.removeFile()
            #expect(FileManager.default.fileExists(atPath: path))
            second.removeFile()
            #expect(!FileManager.default.fileExists(atPath: path))
            second.removeFile()
            second.close()
        }

        @Test("Several that start at once on a stale file: one listens, the others are told")
        func race() async throws {
            for _ in 0..<10 {
                try ListeningSocket.open(at: path).close()
                let path = path
                let sockets: [ListeningSocket] = await withTaskGroup(of: ListeningSocket?.self) { group in
                    for _ in 0..<6 { group.addTask { try? ListeningSocket.open(at: path) } }
                    return await group.reduce(into: [ListeningSocket]()) { if let socket = $1 { $0.append(socket) } }
                }
                #expect(sockets.count == 1)
                #expect(throws: Never.self) { try FastCGIClient(to: path) }
                for socket in sockets { socket.close() }
            }
        }

        @Test("TCP: a free port, the same one twice, IPv6, a name, and none at all")
        func tcp() throws {
            let socket = try ListeningSocket.open(at: "127.0.0.1:0")
            defer { socket.close() }
            let address = try #require(socket.address)
            guard case .tcp(_, let port) = address else {
                Issue.record("no port")
                return
            }
            #expect(port != 0)
            #expect(throws: Never.self) { try FastCGIClient(toPort: port) }
            let failure = try #require(throws: ListeningSocket.Failure.self) {
                try ListeningSocket.open(at: address.description)
            }
            #expect(failure == .inUse(address, process: nil))
            try ListeningSocket.open(at: "localhost:0").close()
            try ListeningSocket.open(at: "[::1]:0").close()
            let unknown = try #require(throws: ListeningSocket.Failure.self) {
                try ListeningSocket.open(at: "no-such-host.invalid:9000")
            }
            #expect("\(unknown)".contains("no-such-host.invalid"))
        }

        @Test("Descriptor 0 of a test is not a listening socket, and neither is a connected one or a file")
        func inherited() throws {
            #expect(!ListeningSocket.isInherited())
            #expect(ListeningSocket.inherited() == nil)
            let socket = try ListeningSocket.open(at: path)
            defer { socket.close() }
            #expect(!ListeningSocket.isListening(try FastCGIClient(to: path).descriptor))
            #expect(!ListeningSocket.isListening(-1))
        }
    }
}
