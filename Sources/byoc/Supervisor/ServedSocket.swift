import FastCGI

/// The socket that the workers get. When its file is lost, however that happened, another one is created in its place.
final class ServedSocket {
    /// The result of a check.
    enum Finding: Equatable {
        /// Web servers can connect.
        case inPlace
        /// Another socket was created: only workers that are started from now on listen on it.
        case renewed(reason: String)
        /// Web servers can't connect, and no other socket can be created.
        case lost(reason: String)
    }

    private(set) var socket: ListeningSocket
    private let open: () throws -> ListeningSocket

    /// - Parameter open: creates another socket. Not called for an inherited one, whose file belongs to its creator.
    init(_ socket: ListeningSocket, open: @escaping () throws -> ListeningSocket) {
        self.socket = socket
        self.open = open
    }

    func check() -> Finding {
        guard let reason = socket.obstacle else { return .inPlace }
        guard socket.address != nil else { return .lost(reason: reason) }
        socket.disown()
        do {
            let fresh = try open()
            // The workers have descriptors of their own, and answer the requests that came on these.
            socket.close()
            socket = fresh
            return .renewed(reason: reason)
        } catch {
            return .lost(reason: "\(reason). \(error)")
        }
    }
}
