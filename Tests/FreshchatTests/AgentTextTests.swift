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

    private func isBlank(_ content: String) throws -> Bool {
        let text = try #require(String(validating: JSON.text(content).encoded, as: UTF8.self))
        let body = Array(
            #"{"event":"onMessageCreate","data":{"message":{"conversation_id":"C","messages":[{"id":"M","actor_type":"agent","message_parts":[{"text":{"content":\#(text)}}]}]}}}"#
                .utf8)
        guard
            case .message(let message)? = try FreshchatHelpdesk().readProductEvent(makeRequest(body)).events.first?
                .content
        else { return false }
        return message.message.isBlank
    }

    @Test(
        "Text that isn't HTML arrives as typed",
        arguments: [
            "1 < 2 & 3", "a<b and b>c", "I <3 you", "List<Int>", "x </ y>", "AT&T", "&lt &notit; &nothing;",
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
        ("<i>1 < 2</i> &amp;amp;", "1 < 2 &amp;"), ("<i>one\n two</i>\nthree", "one\n two\nthree"),
        ("<ul><li>one</li><li>two</li></ul>after", "• one\n• two\nafter"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        (
            "see <a href=\"https://example.com/a?x=1&amp;y=2\" target='_blank'>this page</a>!",
            "see this page (https://example.com/a?x=1&y=2)!"
        ),
        ("<a href='https://example.com/'>example.com</a>", "example.com"),
        ("<a href=\"mailto:a@example.com\">a@example.com</a>", "a@example.com"),
        ("<a href=https://example.com/x></a>", "https://example.com/x"), ("<b>unclosed &lt", "unclosed <"),
        ("<span style=\"color: red\">red</span> <foo>", "red"),
        ("<img src=\"https://example.com/i.png\">", "https://example.com/i.png"),
        ("<b>&#0;&#x110000;&unknown;</b>", "\u{FFFD}\u{FFFD}&unknown;"), ("one<br><br>two", "one\n\ntwo"),
    ]

    /// What real editors and programs paste, in which each has gone wrong in somebody's integration.
    static let pastedTexts: [(String, String)] = [
        // References: HTML's 2,231 names, numbers, Windows' numbers, and numbers by halves.
        (
            "<p>Caf&eacute; ge&ouml;ffnet 9&ndash;18&nbsp;Uhr, 3&euro; &hellip; &bdquo;gern&ldquo; &rsquo;til &copy; &bull; 20&deg;C</p>",
            "Café geöffnet 9–18 Uhr, 3€ … „gern“ ’til © • 20°C"
        ),
        ("<p>&NotEqualTilde;&AMP;&Aacute &#8364;&#x20AC;&#128;&#x1F600;</p>", "≂̸&Á €€€😀"),
        ("<p>&#55357;&#56832; &#xD83D;&#xDE00; &#55357; &#56832;</p>", "😀 😀 \u{FFFD} \u{FFFD}"),
        ("<p>&#1;a&#27;[31m&#x9B;b&#13;c</p>", "a[31m›b c"),
        // What isn't shown.
        (
            "<!--[if gte mso 9]><xml><w:WordDocument></w:WordDocument></xml><![endif]--><p class=\"MsoNormal\">Your parcel is on its way.<o:p></o:p></p>",
            "Your parcel is on its way."
        ),
        (
            "<!-- StartFragment --><style>p.x{color:red}</style><p class=\"x\">See you <mark>tomorrow</mark></p><!-- EndFragment -->",
            "See you tomorrow"
        ),
        (
            "<html><head><title>Mail</title><meta charset=utf-8></head><body><script>if (a<b) alert('<p>')</script>hi<xml><w:View>Normal</w:View></xml></body></html>",
            "hi"
        ),
        ("<p>a<!-- > --><!--->b<![CDATA[c]]><?php d ?>e</p>", "abe"),
        ("<p>a<span style=\"Display : none\">b</span><i hidden>c</i><template>d</template></p>", "a"),
        // Addresses: only those that work outside of the agent's browser.
        (
            "<p>Please look at this:</p><p><img src=\"data:image/png;base64,iVBORw0KGgo=\" class=\"fr-fic fr-dib\"></p>",
            "Please look at this:\n🖼 Picture"
        ),
        (
            "<p><img src='cid:1' alt='our map'><img src=blob:x alt=\"\u{200B}\"><img src='/a.png'><img></p>",
            "our map🖼 Picture🖼 Picture🖼 Picture"
        ),
        (
            "<p><a href=\"javascript:alert(1)\">a</a> <a href=' JAVA\nSCRIPT:x'>b</a> <a href=\"data:text/html,x\">c</a> <a href=\"file:///x\">d</a> <a href=/x>e</a> <a href=#x>f</a></p>",
            "a b c d e f"
        ),
        (
            "<p><a href=' HTTPS://x.example/a b&#10;c '>x</a> <a href=tel:+491>call</a></p>",
            "x (HTTPS://x.example/a%20bc) call (tel:+491)"
        ),
        ("<iframe src=\"https://video.example/1\">none</iframe><p>x</p>", "https://video.example/1\nx"),
        // Syntax by bytes: a joiner or a vowel sign behind a `>`.
        ("<p>می<b>\u{200C}خواهم</b> سلام</p>", "می\u{200C}خواهم سلام"),
        ("<p>กรุณารอ<b>ำ</b>สักครู่ค่ะ</p>", "กรุณารอำสักครู่ค่ะ"),
        ("<p>👩<b>\u{200D}💻</b> e<i>\u{301}</i></p>", "👩\u{200D}💻 e\u{301}"),
        ("\u{200D}<p>\u{200D}a</p>\u{301}", "\u{200D}\n\u{200D}a\n\u{301}"),
        // Quotes.
        (
            "<p><a href=\"https://x.example.com/?q=1>0\" title=\"a > b\">compare</a> done</p>",
            "compare (https://x.example.com/?q=1>0) done"
        ),
        ("<p title='</p><b>'>a</p><p data-x=\"<li>\">b</p>", "a\nb"),
        // Lines.
        (
            "<p>one line</p><p>second line</p><ul><li>first</li><li>second</li></ul><ol start=\"3\"><li>third</li></ol>",
            "one line\nsecond line\n• first\n• second\n3. third"
        ),
        ("<ol><li value=7>a<li>b<li value=-1>c<li>d</ol>", "7. a\n8. b\n-1. c\n0. d"),
        ("<ol reversed><li>a<li>b</ol><ol start=99999999999><li>c</ol>", "2. a\n1. b\n1. c"),
        ("<ol type=a start=26><li>x<li>y</ol><ol type=I start=4><li>z</ol>", "z. x\naa. y\nIV. z"),
        (
            "<ul><li>a<ol><li>b</li><li><p>c</p><p>d</p></li></ol></li><li></li><li>e</li></ul>",
            "• a\n  1. b\n  2. c\nd\n•\n• e"
        ),
        (
            "<table>\n<tr><th>Coffee</th><th>Price</th></tr>\n<tr><td><p>Espresso</p></td><td><p>2 €</p></td></tr><tr><td></td><td>x</td></tr></table>after",
            "Coffee | Price\nEspresso | 2 €\nx\nafter"
        ),
        ("<p>a  \n  b</p>\n\n<p> c </p><p>&nbsp;</p><p><br></p><p>d</p>", "a b\nc\n\n\nd"),
        ("<div>a</div><pre>\n x\n  y\n</pre>b", "a\n x\n  y\nb"),
        ("<h1>a</h1>b<hr>c<blockquote>d</blockquote>", "a\nb\nc\nd"),
        ("a&nbsp;&nbsp;<b>b</b>", "a  b"), ("<b>a</b>\r\nb", "a\nb"),
        ("<span class=\"fr-marker\" style=\"display: none; line-height: 0;\">&#8203;</span>a<br>", "a"),
    ]

    @Test("What is pasted is read as a browser shows it", arguments: pastedTexts)
    func pasted(content: String, expected: String) throws {
        #expect(try read(content) == expected)
    }

    @Test(
        "Whole references of a text without tags are resolved once, and its white space stays",
        arguments: [
            ("Fish &amp; Chips", "Fish & Chips"), ("Fish &amp;amp; Chips", "Fish &amp; Chips"),
            (" a \n &lt;b&gt; \"x\" &quot;\t", " a \n <b> \"x\" \"\t"),
            ("&#55357;&#56832; &eacute; &#0; &semi;", "😀 é \u{FFFD} ;"),
            ("https://example.com/?a=1&lt=2&copy=3&amp;b=4", "https://example.com/?a=1&lt=2&copy=3&b=4"),
        ])
    func references(content: String, expected: String) throws {
        #expect(try read(content) == expected)
    }

    @Test("Control characters are left out, and every line end is one")
    func controls() throws {
        #expect(try read("a\u{0}b\u{1B}[31mc\u{7F}\u{9B}d\te\r\nf\rg\u{85}h") == "ab[31mcd\te\nf\ng\nh")
        #expect(try read("<b>a\u{0}b\u{1B}</b>\r\nc") == "ab\nc")
    }

    @Test("A link or a file at an address that only the agent's browser knows is told in words")
    func addresses() throws {
        let body = Array(
            #"{"event":"onMessageCreate","data":{"message":{"conversation_id":"C","messages":[{"id":"M","actor_type":"agent","message_parts":[{"url_button":{"label":"Go","url":"javascript:x"}},{"image":{"url":"data:image/png;base64,AA=="}},{"url_button":{"label":"Call","url":"tel:+491"}},{"image":{"url":"https://x.example/a.png"}}]}]}}}"#
                .utf8)
        let reading = try FreshchatHelpdesk().readProductEvent(makeRequest(body))
        guard case .message(let message)? = reading.events.first?.content else { throw NoMessage() }
        #expect(message.message.plainText == "Go\n🖼 Picture\nCall\ntel:+491\n🖼 Picture\nhttps://x.example/a.png")
    }

    private struct NoMessage: Error {}

    /// What costs a parser more than its length, unless somebody sees to it.
    static let heavyTexts: [(String, String)] = [
        ("elements in each other", String(repeating: "<div>", count: 100_000) + "x"),
        (
            "formatting that is opened again",
            (0..<50_000).map { "<font color=c\($0)>" }.joined() + String(repeating: "<p>x", count: 50_000)
        ),
        ("templates", String(repeating: "<p><template><details>", count: 50_000)),
        ("attributes", "<p " + (0..<300_000).map { "a\($0)=1 " }.joined() + ">x"),
        ("tags in quotes", "<p>" + String(repeating: "<a<a b='", count: 200_000)),
        (
            "a picture",
            "<p>x<img src=\"data:image/png;base64," + String(repeating: "iVBORw0K", count: 400_000) + "\"></p>"
        ),
        ("comments", "<p>x" + String(repeating: "<!--->", count: 200_000)),
        ("lists in each other", String(repeating: "<ol><li>", count: 50_000) + "x"),
        ("links", String(repeating: "<a href=https://x.example><div>", count: 50_000)),
    ]

    @Test("Text made to be costly is read all the same", arguments: heavyTexts)
    func heavy(name: String, content: String) throws {
        let text = try read(content)
        #expect(text.utf8.count < 1_000_000 && !text.contains("base64"))
    }

    @Test("Of text with more tags than anybody writes the end is cut, and it says so")
    func cut() throws {
        let text = try read((1...9000).map { "<br>\($0)" }.joined())
        #expect(text.hasPrefix("1\n2\n3\n") && text.hasSuffix("\n[…]"))
        #expect(try !read((1...3000).map { "<br>\($0)" }.joined()).contains("[…]"))
    }

    @Test("HTML of an editor becomes plain text", arguments: editorTexts)
    func html(content: String, expected: String) throws {
        #expect(try read(content) == expected)
    }

    @Test(
        "A message of nothing but tags and invisible characters is blank",
        arguments: [
            "<p><br></p>",
            "<p><span class=\"fr-marker\" data-id=\"0\" style=\"display: none; line-height: 0;\">&#8203;</span><br></p>",
            "<p>&#8203;&nbsp;&shy;</p>", "\u{200B}\u{2060}\u{FEFF}\u{3164}", "&ZeroWidthSpace;&#1;",
        ])
    func nothingLeft(content: String) throws {
        #expect(try read(content).isBlank)
        #expect(try isBlank(content))
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
