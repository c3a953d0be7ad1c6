import FoundationEssentials
import RelayCore
import Testing

@Suite("A service that answers with faults of its own")
struct ServiceFaultTests {
    private func attempt(_ detail: String) -> Attempt {
        Attempt(
            delivery: DeliveryID(rawValue: 1), piece: 0, worker: "w", startedAt: Date(timeIntervalSince1970: 0),
            finishedAt: nil, outcome: .inDoubt, detail: detail)
    }

    private func failure(_ status: Int, of service: String = "Freshchat") -> DeliveryFailure {
        DeliveryFailure(
            ServiceFault(service: service, status: status), after: nil, isCertain: false, detail: "POST: HTTP \(status)"
        )
    }

    @Test("Fewer than five in a row are a problem, five and more a service that is down")
    func count() {
        var attempts: [Attempt] = []
        var reasons: [String] = []
        for status in [503, 503, 502, 503, 503, 503] {
            let failure = failure(status).following(attempts)
            reasons.append(failure.reason)
            #expect(!failure.isCertain && failure.detail == "POST: HTTP \(status)")
            attempts.append(attempt(failure.description))
        }
        #expect(reasons[0] == "Freshchat server error: it answered 503")
        #expect(reasons[3] == "Freshchat server error: it answered 503")
        #expect(
            reasons[4] == "Freshchat is down: it answered 5 attempts in a row with server errors, this one with 503"
        )
        #expect(reasons[5].contains("6 attempts in a row"))
    }

    @Test("Another failure in between begins the count anew, and another service's faults don't count")
    func broken() {
        let faults = (0..<6).map { _ in attempt(failure(503).description) }
        #expect(
            failure(503).following(faults + [attempt("Freshchat could not be reached")]).reason.contains(
                "server error:"))
        #expect(failure(503, of: "Viber").following(faults).reason.contains("server error:"))
        #expect(failure(503).following(faults).reason.contains("7 attempts in a row"))
    }

    @Test("A look in between that sent nothing doesn't begin the count anew")
    func looks() {
        let look = attempt("\(ServiceFault.unsettled(by: "Freshchat")) (not found; it may still be under way)")
        let attempts = (0..<4).flatMap { _ in [attempt(failure(503).description), look] }
        #expect(failure(503).following(attempts).reason.contains("5 attempts in a row"))
    }

    @Test("Attempts that an earlier version noted in its own words count too")
    func earlier() {
        let attempts = (0..<4).map { _ in attempt("Freshchat has a problem of its own: it answered 503 (POST)") }
        #expect(failure(503).following(attempts).reason.contains("5 attempts in a row"))
    }

    @Test("A failure of another kind is left as it is")
    func other() {
        let failure = DeliveryFailure(.giveUp, reason: "No", detail: "x")
        #expect(failure.following((0..<9).map { _ in attempt("No (x)") }) == failure)
    }
}
