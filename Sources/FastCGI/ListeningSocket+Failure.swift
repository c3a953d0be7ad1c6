extension ListeningSocket {
    /// The reason why byoc can't listen. The description says how to fix it.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        /// Neither a path nor a host and port.
        case malformedAddress(String)
        /// Over the 107 bytes that the system allows.
        case pathTooLong(String)
        /// The path has a file that isn't a socket. It is left alone.
        case notASocket(path: String)
        /// Another process listens there; with its id if the system reports it.
        case inUse(ListeningAddress, process: Int32?)
        /// The host name is not known.
        case unknownHost(String, reason: String)
        /// The system refused.
        case refused(ListeningAddress, SystemFailure)

        package var description: String {
            switch self {
            case .malformedAddress(let text):
                "Can't listen on “\(text)”: use a path such as /run/byoc/byoc.sock, or HOST:PORT."
            case .pathTooLong(let path):
                "The socket path has \(path.utf8.count) bytes; the limit is \(ListeningAddress.longestPath): \(path)"
            case .notASocket(let path):
                "\(path) exists and is not a socket. Move the file away, or choose another path."
            case .inUse(let address, let process?):
                "Process \(process) is listening on \(address) already. Stop it, or choose another address."
            case .inUse(let address, nil):
                "Another process is listening on \(address) already. Stop it, or choose another address."
            case .unknownHost(let host, let reason):
                "The host “\(host)” can't be resolved: \(reason)."
            case .refused(let address, let failure):
                "Listening on \(address) failed: \(failure)."
            }
        }
    }
}
