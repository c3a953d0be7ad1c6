import Glibc

/// An instant in the form of ISO 8601. Each line of the log has one, so the C library does it: Foundation's formats take longer.
struct UTCTime {
    /// Since 1970.
    var seconds: Int
    /// Of the second that runs.
    var nanoseconds: Int

    static var now: UTCTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UTCTime(seconds: time.tv_sec, nanoseconds: time.tv_nsec)
    }

    /// "2026-11-25T18:45:52.958Z"; right from 1970 to 9999.
    var text: String {
        var seconds = time_t(seconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return String(unsafeUninitializedCapacity: 24) { text in
            var next = 0
            func put(_ number: Int32, _ digits: Int, _ end: Unicode.Scalar) {
                var rest = number
                for place in stride(from: next + digits - 1, through: next, by: -1) {
                    text[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
                text[next + digits] = UInt8(ascii: end)
                next += digits + 1
            }
            put(parts.tm_year + 1900, 4, "-")
            put(parts.tm_mon + 1, 2, "-")
            put(parts.tm_mday, 2, "T")
            put(parts.tm_hour, 2, ":")
            put(parts.tm_min, 2, ":")
            put(parts.tm_sec, 2, ".")
            put(Int32(nanoseconds / 1_000_000), 3, "Z")
            return next
        }
    }
}
