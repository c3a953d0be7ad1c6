import HTTPTypes
import RelayCore

extension Page {
    /// All installations, or what to do when there is none.
    static let installations = Page(.get, "/installations", in: .installations) { request, desk in
        var items: [InstallationsView.Item] = []
        for installation in try await desk.store.installations() {
            let counts = try await desk.store.counts(of: installation.id)
            items.append(
                InstallationsView.Item(
                    name: installation.name, id: installation.id.rawValue, channel: desk.name(of: installation),
                    href: desk.settings.link("/installations/\(installation.id)"), state: desk.badge(of: installation),
                    counts: desk.texts.installations.counts(counts)))
        }
        return .page(
            PageContent(
                .installations, title: desk.texts.installations.title,
                InstallationsView(
                    items: items, isEmpty: items.isEmpty,
                    notice: request.query["done"] == "removed" ? desk.texts.installations.removed : nil,
                    said: desk.said(in: request))))
    }
}

extension Desk {
    /// The channel's name as people write it.
    func name(of installation: Installation) -> String {
        adapter(of: installation)?.descriptor.name ?? installation.channel.kind.rawValue
    }

    func adapter(of installation: Installation) -> (any Channel)? {
        programme.channels.first { $0.descriptor.kind == installation.channel.kind }
    }

    func badge(of installation: Installation) -> BadgeView {
        switch installation.state {
        case .active: BadgeView(kind: "good", label: texts.installations.active)
        case .paused: BadgeView(kind: "warn", label: texts.installations.paused)
        case .removed: BadgeView(kind: "", label: texts.installations.isRemoved)
        }
    }

    /// What a form that was just sent has to say, which travels in the address.
    func said(in request: PageRequest) -> [String] {
        drafts.open(request.query["said"], [String].self, of: session, now: now) ?? []
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
    var notice: String?
    var said: [String]
}

extension Template {
    fileprivate static let installations = Template("installations", PackageResources.installations_mustache)
}
