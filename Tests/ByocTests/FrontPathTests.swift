import Testing

@testable import byoc

@Suite("The path below our own prefix")
struct FrontPathTests {
    @Test(
        "It is PATH_INFO, else what comes after the prefix or after the script's name, else all of the path",
        arguments: [
            ("/hook/a", "", "", "", "/hook/a"),
            ("/hook/a", "", "/hook/a", "", "/hook/a"),
            ("/byoc/hook/a", "/byoc", "", "", "/hook/a"),
            ("/byoc/hook/a", "/byoc", "/byoc/hook/a", "", "/hook/a"),
            ("/cgi/byoc/hook/a", "/other", "/cgi/byoc", "", "/hook/a"),
            ("/cgi/byoc/hook/a", "", "/cgi/byoc", "/hook/a", "/hook/a"),
            ("/byoc/hook/a", "/byoc", "", "/", "/hook/a"),
            ("/byoc/hook/a", "/byoc", "", "x/hook/b", "/hook/a"),
            ("/byocs/hook/a", "/byoc", "", "", "/byocs/hook/a"),
            ("/byoc", "/byoc", "", "", "/byoc"),
            ("/byoc/", "/byoc", "", "", "/"),
            ("/%C3%A9/hook/a", "/%C3%A9", "/é", "", "/hook/a"),
            ("/é/hook/a", "", "/é", "", "/hook/a"),
            ("/a/b", "", "/", "", "/a/b"),
        ])
    func ownPath(path: String, prefix: String, scriptName: String, pathInfo: String, expected: String) {
        #expect(Front.ownPath(path, prefix: prefix, scriptName: scriptName, pathInfo: pathInfo) == expected)
    }

    @Test(
        "The query begins behind the first question mark, whatever follows it",
        arguments: [
            ("/a", "/a", ""), ("/a?", "/a", ""), ("/a?b=c?d", "/a", "b=c?d"), ("?b", "", "b"), ("", "", ""),
            ("/é?ж", "/é", "ж"), ("/a?\u{301}b", "/a", "\u{301}b"),
        ])
    func split(target: String, path: String, query: String) {
        let parts = Front.split(target)
        #expect(Array(parts.path.utf8) == Array(path.utf8))
        #expect(Array(parts.query.utf8) == Array(query.utf8))
    }
}
