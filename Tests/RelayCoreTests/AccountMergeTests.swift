import FoundationEssentials
import RelayCore
import Testing

@Suite("Accounts that turn out to be one")
struct AccountMergeTests {
    private func account(_ name: String, key: String = "PEM", spare: [String] = []) -> HelpdeskAccount {
        HelpdeskAccount(
            id: .init("freshchat-\(name)"), baseURL: "https://\(name)", token: Secret(name),
            spareTokens: spare.map { Secret($0) }, webhookPublicKey: key, textLimit: name.count,
            endpoints: [Endpoint(.helpdesk, token: Secret("url of \(name)"))],
            state: name == "old" ? .paused(reason: "401", since: .distantPast) : .active)
    }

    @Test("The older one stays, with the credentials that have proved themselves in front")
    func helpdesk() {
        let merged = account("old", key: "A", spare: ["x"]).merging(account("newer", key: "B"), isProven: true)
        #expect(merged.id == "freshchat-old" && merged.textLimit == 3)
        #expect(merged.baseURL == "https://newer" && merged.token == Secret("newer") && merged.state == .active)
        #expect(merged.spareTokens == [Secret("old"), Secret("x")])
        #expect(merged.publicKeys == ["B", "A"])
        #expect(merged.endpoints.map(\.token) == [Secret("url of old"), Secret("url of newer")])
        #expect(merged.helpdeskToken == Secret("url of old"))
        let other = account("old", key: "A").merging(account("newer", key: "B"), isProven: false)
        #expect(
            other.token == Secret("old") && other.spareTokens == [Secret("newer")] && other.publicKeys == ["A", "B"])
    }

    @Test("What both have is kept once, and a key that one hasn't is the other's")
    func once() {
        let merged = account("old", key: "A", spare: ["newer", "x"]).merging(
            account("newer", key: "", spare: ["x"]), isProven: true)
        #expect(merged.token == Secret("newer") && merged.spareTokens == [Secret("x"), Secret("old")])
        #expect(merged.webhookPublicKey == "A" && merged.sparePublicKeys.isEmpty)
    }

    @Test("A spare token takes over once")
    func spare() {
        var merged = account("old", spare: ["x"])
        let tookOver = [merged.takeSpareToken(), merged.takeSpareToken()]
        #expect(tookOver == [true, false] && merged.token == Secret("x") && merged.spareTokens.isEmpty)
    }

    @Test("Of two accounts of a channel the older stays, with the secrets that have proved themselves")
    func channel() {
        func account(_ name: String) -> ChannelAccount {
            ChannelAccount(
                id: .init(name), kind: "viber", secrets: ["auth_token": Secret(name)],
                endpoints: [Endpoint(.target, token: Secret("url of \(name)"))], registeredURL: name)
        }
        var merged = account("old").merging(account("new"), isProven: true)
        #expect(merged.id == "old" && merged.secrets == ["auth_token": Secret("new")] && merged.registeredURL == "new")
        #expect(merged.endpoints.map(\.token) == [Secret("url of old"), Secret("url of new")])
        merged = account("old").merging(account("new"), isProven: false)
        #expect(merged.id == "old" && merged.secrets == ["auth_token": Secret("old")])
    }
}
