import FoundationEssentials
import HTTPTypes
import RelayCore

extension Page {
    /// The first page: what needs attention, and the figures of each installation.
    static let overview = Page(.get, "/", in: .overview) { _, context in
        let installations = try await context.store.installations()
        let metrics = try await context.store.currentMetrics()
        let minutes = try await context.store.minutes()
        let alarms =
            metrics.alarms.map { AlarmView($0, installations, metrics, context) }
            + installations.compactMap { AlarmView(heldOf: $0, metrics, context) }
            + (try await context.store.parkedEvents()).map { AlarmView($0, context) }
        let view = OverviewView(
            alarms: alarms, hasAlarms: !alarms.isEmpty,
            isEmpty: installations.isEmpty, connect: context.settings.link("/installations/new"),
            items: installations.map { InstallationFigures($0, metrics, minutes, context) })
        return .page(
            PageContent(
                .overview, title: context.texts.overview.title, view, refreshSeconds: installations.isEmpty ? nil : 10))
    }
}

private struct OverviewView: Sendable {
    var alarms: [AlarmView]
    var hasAlarms: Bool
    var isEmpty: Bool
    var connect: String
    var items: [InstallationFigures]
}

/// The figures of one installation.
private struct InstallationFigures: Sendable {
    struct Number: Sendable {
        var label: String
        var value: String
        /// `warn`, `bad`, or none.
        var kind: String
        var href: [String]
    }

    var name: String
    var href: String
    var state: BadgeView
    var channel: String
    var numbers: [Number]
    var flows: [FlowFigures]

    init(_ installation: Installation, _ metrics: StoreMetrics, _ minutes: [Flow: [MinuteMark]], _ context: PageContext)
    {
        let texts = context.texts.overview
        let id = installation.id
        name = installation.name
        href = context.settings.link("/installations/\(id)")
        state = context.badge(of: installation)
        channel = context.name(of: installation)
        let both = Direction.allCases.compactMap { metrics.outbox[Flow(id, $0)] }
        func number(_ label: String, _ count: Int64, _ standing: MessageQuery.Standing, kind: String) -> Number {
            Number(
                label: label, value: count.grouped, kind: count > 0 ? kind : "",
                href: count > 0
                    ? [context.settings.link("/messages", ["state": standing.rawValue, "installation": id.rawValue])]
                    : [])
        }
        func sum(_ key: KeyPath<StoreMetrics.Outbox, Int64>) -> Int64 { both.reduce(0) { $0 + $1[keyPath: key] } }
        let oldest = both.compactMap(\.oldestWaiting).min()
        numbers = [
            number(texts.waiting, sum(\.waiting), .waiting, kind: ""),
            Number(
                label: texts.oldest,
                value: oldest.map { words(for: context.now.timeIntervalSince($0)) } ?? texts.none, kind: "",
                href: []),
            number(texts.held, sum(\.held), .held, kind: "warn"), number(texts.dead, sum(\.dead), .dead, kind: "bad"),
        ]
        if sum(\.inDoubt) > 0 { numbers.append(number(texts.inDoubt, sum(\.inDoubt), .inDoubt, kind: "warn")) }
        flows = Direction.allCases.map { direction in
            let flow = Flow(id, direction)
            let present = MinuteMark(metrics, flow, minute: MinuteMark.minute(of: context.now))
            return FlowFigures(
                FlowHistory(minutes[flow] ?? [], present: present), direction,
                id: "\(direction.rawValue)-\(id)", name: installation.name, texts)
        }
    }
}

extension Template {
    fileprivate static let overview = Template("overview", PackageResources.overview_mustache)
}
