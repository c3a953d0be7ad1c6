import FoundationEssentials
import RelayCore
import Testing

@Suite("Endpoints")
struct EndpointTests {
    private let now = Date(timeIntervalSince1970: 1_790_000_000)

    @Test("The one that isn't retired is shown, and a retired one only where there is no other")
    func present() {
        let endpoints = [
            Endpoint(.target, token: Secret("old"), isRetired: true), Endpoint(.target, token: Secret("new")),
            Endpoint(.event, token: Secret("event"), isRetired: true),
        ]
        #expect(endpoints.present(for: .target) == Secret("new"))
        #expect(endpoints.present(for: .event) == Secret("event"))
        #expect(endpoints.present(for: .helpdesk) == nil)
    }

    @Test("Those of a merged account are kept, once, and aren't shown where there is one already")
    func adopting() {
        let ours = [Endpoint(.helpdesk, token: Secret("a")), Endpoint(.helpdesk, token: Secret("b"), isRetired: true)]
        let theirs = [
            Endpoint(.helpdesk, token: Secret("c")), Endpoint(.helpdesk, token: Secret("a")),
            Endpoint(.event, token: Secret("d")), Endpoint(.helpdesk, token: Secret("e"), endsAt: now),
        ]
        let all = ours.adopting(theirs)
        #expect(all.map(\.token) == ["a", "b", "c", "d", "e"].map { Secret($0) })
        #expect(all.map(\.isRetired) == [false, true, true, false, true])
        #expect(all.last?.endsAt == now)
        #expect(all.present(for: .helpdesk) == Secret("a") && all.present(for: .event) == Secret("d"))
    }

    @Test("One that ends works until then, and one that doesn't end always")
    func ends() {
        let endpoint = Endpoint(.target, token: Secret("a"), endsAt: now)
        #expect(endpoint.works(at: now.addingTimeInterval(-1)) && !endpoint.works(at: now))
        #expect(Endpoint(.target, token: Secret("a"), isRetired: true).works(at: .distantFuture))
    }
}
