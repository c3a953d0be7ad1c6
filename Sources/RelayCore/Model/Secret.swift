/// Text that must not be seen: a token, a password, a key.
///
/// Whatever prints it, a log line, an error, a debugger's description, gets the mask; only ``reveal()`` gives the text.
package struct Secret: Hashable, Sendable, Codable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let text: String

    package init(_ text: String) { self.text = text }

    package init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// The text itself, for the one place that needs it: a request's header, a signature's key.
    package func reveal() -> String { text }

    package var isEmpty: Bool { text.isEmpty }

    /// `••••` and, for a text long enough that they don't help a guesser, the last four characters.
    package var masked: String {
        text.isEmpty ? "(empty)" : text.count >= 24 ? "••••" + text.suffix(4) : "••••"
    }

    package var description: String { masked }
    package var debugDescription: String { masked }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
