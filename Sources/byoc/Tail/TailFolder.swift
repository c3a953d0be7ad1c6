import Foundation
import Glibc

/// The folder where each `byoc tail` has a socket, and where the workers look for listeners.
struct TailFolder: Sendable {
    let path: String

    init(dataDirectory: String) { path = dataDirectory + "/tail" }

    /// The sockets that are there now.
    func sockets() -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                // `d_name` is an array of 256 characters that ends with a zero (readdir(3)).
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".sock") { names.append(name) }
        }
        return names
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// Calls bind or connect with a socket's address.
    ///
    /// An address has room for 107 bytes, and the path of a data folder may be longer: then it goes through a descriptor of
    /// the folder.
    ///
    /// - Returns: the call's result, or −1 with its `errno`.
    func withAddress(
        of name: String, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var folder: Int32 = -1
        defer { if folder >= 0 { close(folder) } }
        var target = file(name)
        var address = sockaddr_un()
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        if target.utf8.count > room {
            folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard folder >= 0 else { return -1 }
            target = "/proc/self/fd/\(folder)/\(name)"
        }
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(target.utf8.prefix(room))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            // Every kind of address may be accessed as a `sockaddr` (bind(2)).
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
