import FoundationEssentials
import HTTPTypes
import RelayCore
import Testing

@Suite("Retry-After")
struct RetryAfterTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110.
    private let now = Date(timeIntervalSince1970: 784_111_777)

    @Test(
        "Seconds and dates are waits",
        arguments: [
            ("0", Duration.zero), ("1", .seconds(1)), (" 120 ", .seconds(120)), ("1.5", .milliseconds(1500)),
            ("-5", .zero), ("999999999999", .seconds(86_400)), ("Sun, 06 Nov 1994 08:49:37 GMT", .zero),
            ("Sun, 06 Nov 1994 08:50:37 GMT", .seconds(60)), ("Sun, 06 Nov 1994 08:00:00 GMT", .zero),
            ("Mon, 07 Nov 1994 08:49:36 GMT", .seconds(86_399)), ("Fri, 31 Dec 9999 23:59:59 GMT", .seconds(86_400)),
        ])
    func waits(_ value: String, _ expected: Duration) {
        #expect(HTTPFields([HTTPField(name: .retryAfter, value: value)]).retryAfter(now: now) == expected)
    }

    @Test(
        "Nonsense is no wait",
        arguments: [
            "", "soon", "nan", "inf", "1e999", "5, 6", "Sun, 06 Nov 1994", "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, xx Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT", "Sun, 99 Nov 1994 99:99:99 GMT", "a b c d e GMT",
        ])
    func nonsense(_ value: String) {
        #expect(HTTPFields([HTTPField(name: .retryAfter, value: value)]).retryAfter(now: now) == nil)
    }

    @Test("Without the header there is no wait")
    func missing() {
        #expect(HTTPFields().retryAfter(now: now) == nil)
    }
}
