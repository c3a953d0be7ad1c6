import FastCGI

/// The socket that the workers are given. When its file is lost, whatever lost it, another one is made in its place.
final class ServedSocket {
    /// What a look at it found.
    enum Finding: Equatable {
        /// Web servers can connect.
        case inPlace
        /// Another socket was made: only workers that are started from now on listen on it.
        case renewed(reason: String)
        /// Web servers can't connect, and no other socket can be made.
        case lost(reason: String)
    }

    private(set) var socket: ListeningSocket
    private let open: () throws -> ListeningSocket

    /// - Parameter open: makes another one. Not asked for one that was inherited: its file belongs to whoever made it.
    init(_ socket: ListeningSocket, open: @escaping () throws -> ListeningSocket) {
        self.socket = socket
        self.open = open
    }

    func look() -> Finding {
        guard let reason = socket.obstacle else { return .inPlace }
        guard socket.address != nil else { return .lost(reason: reason) }
        socket.disown()
        do {
            let fresh = try open()
            // The workers have descriptors of their own, and answer what has come on these.
            socket.close()
            socket = fresh
            return .renewed(reason: reason)
        } catch {
            return .lost(reason: "\(reason). \(error)")
        }
    }
}
