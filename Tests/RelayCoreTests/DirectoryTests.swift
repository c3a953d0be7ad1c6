import FoundationEssentials
import RelayCore
import Testing

@Suite("The directory of installations")
struct DirectoryTests {
    private let now = Date(timeIntervalSince1970: 1_790_000_000)

    private func installation(
        _ id: InstallationID, channel: ChannelAccountID = "bot", at address: Address = .only,
        helpdesk: HelpdeskAccountID = "shop", on topic: TopicID = "t", former: [FormerPlace] = [],
        _ state: Installation.State = .active
    ) -> Installation {
        Installation(
            id: id, channel: ChannelAccount(id: channel, kind: "viber", endpoints: endpoints("\(channel)")),
            address: address,
            helpdesk: HelpdeskAccount(
                id: helpdesk, baseURL: "https://shop", token: Secret(""), endpoints: endpoints("\(helpdesk)")),
            topic: topic, formerTopics: ["before"], former: former, name: "", ownState: state, createdAt: now)
    }

    private func endpoints(_ name: String, endsAt: Date? = nil) -> [Endpoint] {
        [Endpoint.Purpose.target, .helpdesk, .event].map {
            Endpoint($0, token: Secret("\($0) of \(name)"), endsAt: endsAt)
        }
    }

    @Test("Each account is found by its own URLs, and by none that is for something else")
    func tokens() {
        let directory = InstallationDirectory([installation("a")])
        #expect(directory.channelAccount(targetToken: "target of bot", now: now)?.id == "bot")
        #expect(directory.helpdeskAccount(helpdeskToken: "helpdesk of shop", now: now)?.id == "shop")
        #expect(directory.helpdeskAccount(eventSecret: "event of shop", now: now)?.id == "shop")
        #expect(directory.channelAccount(targetToken: "helpdesk of bot", now: now) == nil)
        #expect(directory.helpdeskAccount(helpdeskToken: "event of shop", now: now) == nil)
        #expect(directory.helpdeskAccount(eventSecret: "helpdesk of shop", now: now) == nil)
        #expect(directory.channelAccount(targetToken: "", now: now) == nil)
    }

    @Test("A URL that was left behind finds its account until it ends, with or without installations")
    func expiry() {
        let end = now.addingTimeInterval(10)
        let channel = ChannelAccount(id: "left", kind: "viber", endpoints: endpoints("left", endsAt: end))
        let helpdesk = HelpdeskAccount(
            id: "old", baseURL: "", token: Secret(""), endpoints: endpoints("old", endsAt: end))
        let directory = InstallationDirectory([installation("a")], channels: [channel], helpdesks: [helpdesk])
        #expect(directory.channelAccount(targetToken: "target of left", now: now) == channel)
        #expect(directory.helpdeskAccount(helpdeskToken: "helpdesk of old", now: now) == helpdesk)
        #expect(directory.channelAccount(targetToken: "target of left", now: end) == nil)
        #expect(directory.helpdeskAccount(helpdeskToken: "helpdesk of old", now: end) == nil)
        #expect(directory.helpdeskAccount(eventSecret: "event of old", now: end) == nil)
        #expect(directory["left" as ChannelAccountID] == channel && directory["old" as HelpdeskAccountID] == helpdesk)
        #expect(directory.channelAccounts.map(\.id) == ["bot", "left"])
        #expect(directory.helpdeskAccounts.map(\.id) == ["old", "shop"])
    }

    @Test("An address is its installation's, or for a time that of the one which has moved away from it")
    func formerPlaces() {
        let former = FormerPlace(channel: "bot", address: "one", until: now.addingTimeInterval(10))
        let moved = installation("moved", channel: "new", former: [former])
        var directory = InstallationDirectory([moved, installation("other", at: "two")])
        #expect(directory.installation(of: "bot", at: "one", now: now)?.id == "moved")
        #expect(directory.installation(of: "bot", at: "one", now: former.until) == nil)
        #expect(directory.installation(of: "bot", at: "two", now: now)?.id == "other")
        #expect(directory.installation(of: "new", at: .only, now: now)?.id == "moved")
        #expect(directory.installation(of: "bot", at: "three", now: now) == nil)
        directory = InstallationDirectory([moved, installation("present", at: "one")])
        #expect(directory.installation(of: "bot", at: "one", now: now)?.id == "present")
        #expect(directory.installations(of: "bot" as ChannelAccountID).map(\.id) == ["present"])
    }

    @Test("One that is taken out of service takes in nothing, here or where it was; a paused one does")
    func draining() {
        let former = FormerPlace(channel: "bot", address: "one", until: now.addingTimeInterval(10))
        let draining = installation("a", at: "two", former: [former], .draining(since: now))
        let directory = InstallationDirectory([
            draining, installation("b", at: "three", .paused(reason: "401", since: now, by: .person)),
        ])
        #expect(directory.installation(of: "bot", at: "one", now: now) == nil)
        #expect(directory.installation(of: "bot", at: "two", now: now) == nil)
        #expect(directory.installation(of: "bot", at: "three", now: now)?.id == "b")
    }

    @Test("The account that one has left owns its conversations there, and no topic")
    func routes() {
        let former = FormerPlace(helpdesk: "old", until: now)
        let directory = InstallationDirectory([
            installation("moved", former: [former]), installation("other", channel: "bot 2", helpdesk: "old", on: "u"),
        ])
        let old = directory.routes(of: "old")
        #expect(old.map(\.installation) == ["moved", "other"] && old.map(\.topic) == ["", "u"])
        #expect(old.map(\.formerTopics) == [[], ["before"]])
        #expect(directory.routes(of: "shop").map(\.topic) == ["t"])
        #expect(directory.routes(of: "nobody").isEmpty)
    }

    @Test("Of other accounts at the same base URL the installations of a topic are told")
    func neighbours() {
        let (one, two) = (installation("a", helpdesk: "one"), installation("b", helpdesk: "two"))
        let directory = InstallationDirectory([one, two])
        #expect(directory.installations(topic: "t", besides: one.helpdesk).map(\.id) == ["b"])
        #expect(directory.installations(topic: "u", besides: one.helpdesk).isEmpty)
        var elsewhere = one.helpdesk
        elsewhere.baseURL = "https://elsewhere"
        #expect(directory.installations(topic: "t", besides: elsewhere).isEmpty)
    }

    @Test("An installation sends to a side while neither it nor the account there is paused")
    func sends() {
        let paused = AccountState.paused(reason: "401", since: now)
        var one = installation("a")
        one.helpdesk.state = paused
        #expect(one.sends(to: .channel) && !one.sends(to: .helpdesk) && !one.isActive)
        #expect(one.state(towards: .channel) == .active)
        #expect(
            one.state(towards: .helpdesk) == .paused(reason: "401", since: now, by: .credential)
                && one.state == one.state(towards: .helpdesk))
        one.ownState = .draining(since: now)
        #expect(one.sends(to: .channel) && !one.sends(to: .helpdesk) && one.state == .draining(since: now))
        one.ownState = .paused(reason: "holiday", since: now, by: .person)
        #expect(
            !one.sends(to: .channel)
                && one.state(towards: .channel) == .paused(reason: "holiday", since: now, by: .person))
        one.ownState = .removed
        #expect(!one.sends(to: .channel) && !one.accepts)
    }
}
