extension Settings {
    mutating func readBackPressure(_ reader: inout SettingsReader) {
        if let value = reader.read(
            "BYOC_OUTBOX_LIMIT",
            "queue length at which webhooks are rejected with 503 (senders retry)",
            default: "1000000", expects: "a whole number from 1 to 1000000000",
            parse: { Int($0).flatMap { (1...1_000_000_000).contains($0) ? $0 : nil } })
        {
            outboxLimit = value
        }
        if let value = reader.read(
            "BYOC_DISK_RESERVE",
            "free space on the data folder's disk below which webhooks are rejected with 503; 0: no reserve",
            default: "64M", expects: "a number of bytes, or a number with K, M or G", parse: Self.diskSize)
        {
            diskReserve = value
        }
    }

    private static func diskSize(_ text: String) -> Int64? {
        var digits = Substring(text.uppercased())
        let units: [Character: Int64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        let unit = digits.last.flatMap { units[$0] }
        if unit != nil { digits.removeLast() }
        guard let number = Int64(digits), number >= 0 else { return nil }
        // More than a million GiB is a typing error, and less can't overflow.
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
        return overflow || bytes > 1 << 50 ? nil : bytes
    }
}
