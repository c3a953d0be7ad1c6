/// What a keyboard must look like: for the server, and for the phones (viber.md §5.2).
enum ViberKeyboardRules {
    /// The server's schema.
    static func check(_ keyboard: JSON, type: String = "keyboard") throws(ViberMessageRules.Violation) {
        func invalid(_ why: String) -> ViberMessageRules.Violation { .bad("\(type) is not valid. [\(why)]") }
        guard keyboard.object != nil else { throw invalid("not an object") }
        guard let actualType = keyboard["Type"] else {
            throw invalid("object has missing required properties ([\"Type\"])")
        }
        guard actualType.string == type else { throw invalid("instance value not found in enum") }
        guard let buttons = keyboard["Buttons"]?.array else {
            throw invalid("object has missing required properties ([\"Buttons\"])")
        }
        guard !buttons.isEmpty else {
            throw invalid("array is too short: must have at least 1 elements but instance has 0 elements")
        }
        for button in buttons {
            guard button["ActionBody"]?.string != nil || button["ActionType"]?.string == "none" else {
                throw invalid("object has missing required properties ([\"ActionBody\"])")
            }
        }
    }

    /// Why a phone would reject the keyboard after the server took it; nil when it would not.
    ///
    /// Numbers may be written as strings, as one production bridge does.
    static func clientProblem(_ message: JSON) -> String? {
        guard let keyboard = message["keyboard"] ?? message["rich_media"], let buttons = keyboard["Buttons"]?.array
        else { return nil }
        let mostRows: Int64 = message["rich_media"] == nil ? 2 : 7
        for button in buttons {
            if let columns = button["Columns"], !(1...6).contains(number(columns) ?? 0) {
                return "Columns out of range"
            }
            if let rows = button["Rows"], !(1...mostRows).contains(number(rows) ?? 0) { return "Rows out of range" }
            if let text = button["Text"]?.string, text.count > 250 { return "Text too long" }
            if let action = button["ActionType"]?.string,
                !["reply", "open-url", "location-picker", "share-phone", "none"].contains(action)
            {
                return "unknown ActionType"
            }
        }
        let columnsUsed = buttons.reduce(0) { $0 + (number($1["Columns"]) ?? 6) * (number($1["Rows"]) ?? 1) }
        return message["keyboard"] != nil && columnsUsed > 24 * 6 ? "too many rows" : nil
    }

    private static func number(_ value: JSON?) -> Int64? {
        value?.integer ?? value?.string.flatMap { Int64($0) }
    }
}
