import HTTPTypes
import RelayCore

extension Page {
    /// All installations, or the way to the first one.
    static let installations = Page(.get, "/installations", in: .installations) { _, context in
        var items: [InstallationsView.Item] = []
        for installation in try await context.store.installations() {
            let counts = try await context.store.counts(of: installation.id)
            items.append(
                InstallationsView.Item(
                    name: installation.name, id: installation.id.rawValue, channel: context.name(of: installation),
                    href: context.settings.link("/installations/\(installation.id)"),
                    state: context.badge(of: installation),
                    counts: context.texts.installations.counts(counts)))
        }
        return .page(
            PageContent(
                .installations, title: context.texts.installations.title,
                InstallationsView(
                    items: items, isEmpty: items.isEmpty,
                    notice: context.notice?.done == "removed" ? [context.texts.installations.removed] : [],
                    warnings: context.notice?.warnings ?? [],
                    parked: try await context.store.parkedEvents().map { AlarmView($0, context) })))
    }
}

extension PageContext {
    /// The channel's name as people write it.
    func name(of installation: Installation) -> String { name(ofChannel: installation.channel.kind) }

    /// - Parameter kind: `nil` for an unknown channel.
    func name(ofChannel kind: ChannelKind?) -> String {
        guard let kind else { return texts.installations.unknownChannel }
        return programme.channels.first { $0.descriptor.kind == kind }?.descriptor.name ?? kind.rawValue
    }

    func adapter(of installation: Installation) -> (any Channel)? {
        programme.channels.first { $0.descriptor.kind == installation.channel.kind }
    }

    func badge(of installation: Installation) -> BadgeView {
        switch installation.state {
        case .active: BadgeView(kind: "good", label: texts.installations.active)
        case .paused: BadgeView(kind: "warn", label: texts.installations.paused)
        case .draining: BadgeView(kind: "warn", label: texts.installations.draining)
        case .removed: BadgeView(kind: "", label: texts.installations.isRemoved)
        }
    }
}

/// A short word with a colour: `good`, `warn`, `bad`, or none.
struct BadgeView: Sendable {
    var kind: String
    var label: String
}

private struct InstallationsView: Sendable {
    struct Item: Sendable {
        var name: String
        var id: String
        var channel: String
        var href: String
        var state: BadgeView
        var counts: String
    }

    var items: [Item]
    var isEmpty: Bool
    /// One or none.
    var notice: [String]
    var warnings: [String]
    var parked: [AlarmView]
}

extension Template {
    fileprivate static let installations = Template("installations", PackageResources.installations_mustache)
}
