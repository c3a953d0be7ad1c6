import Freshchat
import RelayCore
import RelayTesting
import Testing

@Suite("What an agent wrote")
struct AgentTextTests {
    /// The text of an agent's message that comes in with this content.
    private func read(_ content: String) throws -> String {
        let text = try #require(String(validating: JSON.text(content).encoded, as: UTF8.self))
        let body = Array(
            #"{"event":"onMessageCreate","data":{"message":{"conversation_id":"C","messages":[{"id":"M","actor_type":"agent","message_parts":[{"text":{"content":\#(text)}}]}]}}}"#
                .utf8)
        let reading = try FreshchatHelpdesk().readProductEvent(makeRequest(body))
        guard case .message(let message)? = reading.events.first?.content else { return "no message" }
        return message.message.plainText
    }

    @Test(
        "Text that isn't HTML arrives as typed",
        arguments: [
            "1 < 2 & 3", "a<b and b>c", "I <3 you", "List<Int>", "x </ y>", "AT&amp;T", "&lt;b&gt; is bold",
            "<notatag>",
            "if a<b then", "5 <b 6", "😀 < 👋🏽", "  spaces \n and lines  ", "<", "<b", "&", "<!-- c -->", "<@U123> hello",
            "https://example.com/?a=1&lt=2",
        ])
    func asTyped(text: String) throws {
        #expect(try read(text) == text)
    }

    static let editorTexts: [(String, String)] = [
        ("a<br>b", "a\nb"), ("a<br/>b<BR />c", "a\nb\nc"), ("<b>x</b>", "x"), ("<p>one</p><p>two</p>", "one\ntwo"),
        ("<div>one</div>\n<div>two</div>", "one\ntwo"), ("a<br>\nb", "a\nb"),
        ("<p>a &amp; b &lt;c&gt; &#39;d&#x27;&nbsp;e</p>", "a & b <c> 'd' e"),
        ("<i>1 < 2</i> &amp;amp;", "1 < 2 &amp;"), ("<ul><li>one</li><li>two</li></ul>after", "• one\n• two\nafter"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        (
            "see <a href=\"https://example.com/a?x=1&amp;y=2\" target='_blank'>this page</a>!",
            "see this page (https://example.com/a?x=1&y=2)!"
        ),
        ("<a href='https://example.com/'>example.com</a>", "example.com"),
        ("<a href=\"mailto:a@example.com\">a@example.com</a>", "a@example.com"),
        ("<a href=https://example.com/x></a>", "https://example.com/x"), ("<b>unclosed &lt", "unclosed &lt"),
        ("<span style=\"color: red\">red</span> <foo>", "red <foo>"),
        ("<img src=\"https://example.com/i.png\">", "https://example.com/i.png"),
        ("<b>&#0;&#x110000;&unknown;</b>", "&#0;&#x110000;&unknown;"), ("one<br><br>two", "one\n\ntwo"),
    ]

    @Test("HTML of an editor becomes plain text", arguments: editorTexts)
    func html(content: String, expected: String) throws {
        #expect(try read(content) == expected)
    }

    @Test("A message of nothing but tags is blank")
    func nothingLeft() throws {
        #expect(try read("<p><br></p>").isEmpty)
    }

    @Test("A long text full of half tags is read in no time")
    func hostile() throws {
        let text = String(repeating: "<b \"", count: 20_000)
        #expect(try read(text) == text)
    }

    @Test("Damaged HTML always gives some text")
    func damaged() throws {
        var random = SeededGenerator(seed: 5)
        let html = Array("<p>a &amp; b</p><ul><li><a href=\"https://x.example/?a=1\">l</a></li></ul><br>é👋🏽&#x41;".utf8)
        for _ in 0..<400 {
            _ = try read(String(decoding: JSONMutation.mutate(html, using: &random), as: UTF8.self))
        }
    }
}
