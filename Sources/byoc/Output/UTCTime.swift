import Glibc

/// An instant in the words of ISO 8601, without a calendar: each line of the log has one.
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
        let (days, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let (year, month, day) = Self.date(days)
        return String(unsafeUninitializedCapacity: 24) { text in
            var next = 0
            func put(_ number: Int, _ digits: Int, _ end: Unicode.Scalar) {
                var rest = number
                for place in stride(from: next + digits - 1, through: next, by: -1) {
                    text[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
                text[next + digits] = UInt8(ascii: end)
                next += digits + 1
            }
            put(year, 4, "-")
            put(month, 2, "-")
            put(day, 2, "T")
            put(second / 3600, 2, ":")
            put(second / 60 % 60, 2, ":")
            put(second % 60, 2, ".")
            put(nanoseconds / 1_000_000, 3, "Z")
            return next
        }
    }

    /// The date of a day since 1970, in years that begin with March, so that a leap day is the last of its year.
    private static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
        // Since 1 March of the year 0; 146,097 days are 400 years.
        let (era, dayOfEra) = (days + 719_468).quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        // From March on, five months have 153 days.
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }
}
