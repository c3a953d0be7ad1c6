import Channels
import RelayCore
import RelayTesting
import Testing

@Suite("Every channel")
struct ChannelConformanceTests {
    /// One line for each channel, as in the registry.
    private static let fixtures: [ChannelKind: @Sendable () throws -> ChannelFixtures] = [
        "viber": { try ViberFixtures.all() }
    ]

    @Test("passes", arguments: ChannelRegistry.all.map(\.descriptor.kind), ChannelConformance.Check.allCases)
    func conforms(_ kind: ChannelKind, _ check: ChannelConformance.Check) async throws {
        let channel = try #require(ChannelRegistry.channel(kind))
        let fixtures = try #require(Self.fixtures[kind], "\(kind) has no fixtures")
        let violations = try await ChannelConformance(channel, fixtures()).violations(of: check)
        #expect(violations.isEmpty, "\(violations.prefix(5).joined(separator: "\n"))")
    }
}
