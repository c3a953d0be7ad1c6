/// The short name of a request in logs and answers.
package enum RequestID {
    /// A random id: 16 hexadecimal digits from the system's generator.
    package static func make() -> String {
        let number = UInt64.random(in: .min ... .max)
        return String(unsafeUninitializedCapacity: 16) { digits in
            for place in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: number >> UInt64(4 * place)) & 0xF
                digits.initializeElement(
                    at: place, to: digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
            }
            return 16
        }
    }

    /// The client's own id when it is safe to put into a log line and a header, else a random one.
    static func adopt(_ given: ArraySlice<UInt8>?) -> String {
        guard let given, (1...64).contains(given.count), given.allSatisfy(isSafe) else { return make() }
        return String(decoding: given, as: UTF8.self)
    }

    private static func isSafe(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default:
            false
        }
    }
}
