package import Logging
import Glibc
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Takes what the bridge says of itself, one JSON object a line as `byoc tail --json` writes it, out of a named pipe and into
/// the log.
package struct BridgeSteps: Service {
    private static let longestLine = 64 << 10

    let path: String
    let log: EventLog
    let logger: Logger

    package init(path: String, log: EventLog, logger: Logger) {
        self.path = path
        self.log = log
        self.logger = logger
    }

    package func run() async throws {
        // Opened for writing too: the pipe then has no end when the one who writes into it is started again.
        let file = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else {
            throw SettingsError(
                description: "can't open \(path): \(String(cString: strerror(errno))); make it with mkfifo")
        }
        let channel = try await NIOPipeBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .takingOwnershipOfDescriptor(input: file) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, Never>(wrappingChannelSynchronously: channel)
                }
            }
        try? await cancelWhenGracefulShutdown {
            try await channel.executeThenClose { pieces in
                var line: [UInt8] = []
                for try await piece in pieces {
                    for byte in piece.readableBytesView {
                        if byte != UInt8(ascii: "\n") {
                            if line.count <= Self.longestLine { line.append(byte) }
                        } else {
                            take(line)
                            line.removeAll(keepingCapacity: true)
                        }
                    }
                }
            }
        }
    }

    /// Notes one step; what is none is left out.
    package func take(_ line: [UInt8]) {
        guard line.count <= Self.longestLine, let step = try? JSON(parsing: line), let name = step["step"]?.string
        else {
            if !line.isEmpty { logger.warning("A line of the bridge isn't a step") }
            return
        }
        log.record(
            .bridge, .action, name, subject: step["contact"]?.string ?? "",
            reference: step["delivery"]?.text ?? step["request"]?.string ?? "",
            text: String(decoding: line, as: UTF8.self))
    }
}
