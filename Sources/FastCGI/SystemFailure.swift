import Glibc

/// A system call that failed, with the system's own words.
package struct SystemFailure: Error, CustomStringConvertible, Equatable {
    /// The operation, such as "bind".
    package var operation: String
    /// The value of `errno`.
    package var code: Int32

    init(_ operation: String, code: Int32 = errno) {
        self.operation = operation
        self.code = code
    }

    /// "bind: Address already in use (98)".
    package var description: String {
        "\(operation): \(Self.words(code)) (\(code))"
    }

    static func words(_ code: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress, strerror_r(code, start, buffer.count) == 0 else {
                return "error \(code)"
            }
            return String(cString: start)
        }
    }
}

extension Duration {
    /// For system calls that take a `timeval`.
    var timeval: Glibc.timeval {
        let (seconds, attoseconds) = components
        return Glibc.timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }

    /// For system calls that take milliseconds; never rounded down to 0, never over an `Int32`.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        let exact = seconds.multipliedReportingOverflow(by: 1000)
        if exact.overflow { return .max }
        return Int32(clamping: exact.partialValue + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
