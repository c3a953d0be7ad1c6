/// Reading JSON that is documented badly or in two ways: a field that is missing, `null` or of the wrong type is `nil`
/// and never spoils the rest.
extension KeyedDecodingContainer {
    /// A text, or an integer in digits: ids come as either (viber.md §12, freshchat.md §1.6). Never by way of a `Double`, which would lose
    /// the last digits of a 64-bit id.
    package func text(_ key: Key) -> String? {
        if let text = try? decodeIfPresent(String.self, forKey: key) { return text }
        if let number = try? decodeIfPresent(Int64.self, forKey: key) { return String(number) }
        if let number = try? decodeIfPresent(UInt64.self, forKey: key) { return String(number) }
        return nil
    }

    /// As ``text(_:)``, with an empty text or one of white space alone as `nil`.
    package func word(_ key: Key) -> String? {
        guard let text = text(key), !text.isBlank else { return nil }
        return text
    }

    /// An integer, or a text with one in it.
    package func integer(_ key: Key) -> Int64? {
        if let number = try? decodeIfPresent(Int64.self, forKey: key) { return number }
        return (try? decodeIfPresent(String.self, forKey: key)).flatMap { Int64($0.trimmingWhiteSpace()) }
    }

    /// A finite number, or a text with one in it.
    package func number(_ key: Key) -> Double? {
        let number =
            (try? decodeIfPresent(Double.self, forKey: key))
            ?? (try? decodeIfPresent(String.self, forKey: key)).flatMap { Double($0.trimmingWhiteSpace()) }
        guard let number, number.isFinite else { return nil }
        return number
    }

    /// A link that a browser opens; anything else that stands in its place is `nil`.
    package func webURL(_ key: Key) -> String? {
        text(key)?.webURL
    }

    package func object<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
        try? decodeIfPresent(type, forKey: key)
    }
}

extension String {
    /// Without white space around it, if that is a link that a browser opens.
    var webURL: String? {
        let url = trimmingWhiteSpace()
        if url.hasPrefix("https://") { return url }
        let start = url.prefix(8).lowercased()
        return start.hasPrefix("https://") || start.hasPrefix("http://") ? url : nil
    }
}
