import FoundationEssentials
import HTTPTypes
import RelayCore
import Testing

@Suite("Rate limits")
struct RateLimitTests {
    private let now = Date(timeIntervalSince1970: 1_790_000_000)

    private func fields(_ pairs: [String: String]) throws -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in pairs { fields[try #require(HTTPField.Name(name))] = value }
        return fields
    }

    @Test(
        "The last answer of a window says until when nothing is to be asked, in each spelling",
        arguments: [
            (["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1790000030"], 30.0),
            (["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1790000030500"], 30.5),
            (["X-RateLimit-Remaining": "0", "X-RateLimitReset": "12"], 12),
            (["x-ratelimit-remaining": " 0 ", "x-ratelimit-reset": " 7 "], 7),
            (["X-RateLimitRemaining": "0", "X-RateLimitReset": "7"], 7),
            (["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999"], 300),
        ] as [([String: String], Double)])
    func pauses(headers: [String: String], seconds: Double) throws {
        #expect(try fields(headers).rateLimitPause(now: now) == now.addingTimeInterval(seconds))
    }

    @Test(
        "While some are left, or where nothing sensible is told, nothing pauses",
        arguments: [
            [:] as [String: String], ["X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "30"],
            ["X-RateLimit-Remaining": "0"],
            ["X-RateLimit-Reset": "30"], ["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1789999999"],
            ["X-RateLimit-Remaining": "none", "X-RateLimit-Reset": "30"],
            ["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"],
            ["X-RateLimit-Remaining": "nan", "X-RateLimit-Reset": "inf"],
        ] as [[String: String]])
    func goesOn(headers: [String: String]) throws {
        #expect(try fields(headers).rateLimitPause(now: now) == nil)
    }

    @Test(
        "A refusal names its wait by Retry-After, else by the reset, else it is a second",
        arguments: [
            (["Retry-After": "9", "X-RateLimit-Reset": "30"], 9.0), (["X-RateLimit-Reset": "1790000030"], 30),
            (["X-RateLimitReset": "1790000030000"], 30), (["X-RateLimitReset": "4"], 4), ([:] as [String: String], 1),
            (["Retry-After": "0"], 1), (["Retry-After": "86400"], 300), (["X-RateLimit-Reset": "1"], 1),
        ] as [([String: String], Double)])
    func waits(headers: [String: String], seconds: Double) throws {
        #expect(try fields(headers).rateLimitWait(now: now) == seconds)
    }
}
