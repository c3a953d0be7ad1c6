extension String {
    /// Without white space around it, if that is a link that a browser opens.
    var webURL: String? {
        let url = trimmingWhiteSpace()
        if url.hasPrefix("https://") { return url }
        let start = url.prefix(8).lowercased()
        return start.hasPrefix("https://") || start.hasPrefix("http://") ? url : nil
    }
}
