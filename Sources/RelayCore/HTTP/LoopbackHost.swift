extension String {
    /// Whether this host, as it stands in a URL, is the machine itself: the only one that a token may travel to over plain
    /// http, as the sandbox needs it.
    package var isLoopbackHost: Bool {
        let host = lowercased()
        if host == "localhost" || host == "::1" || host == "[::1]" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }
}
