import FoundationEssentials
import HTTPTypes
import RelayCore

extension Page {
    /// The first page: what is wrong, and how each installation fares.
    static let overview = Page(.get, "/", in: .overview) { _, desk in
        let installations = try await desk.store.installations()
        let metrics = try await desk.store.currentMetrics()
        let minutes = try await desk.store.minutes()
        let view = OverviewView(
            alarms: metrics.alarms.map { AlarmView($0, installations, desk) }, hasAlarms: !metrics.alarms.isEmpty,
            isEmpty: installations.isEmpty, connect: desk.settings.link("/installations/new"),
            items: installations.map { InstallationFigures($0, metrics, minutes, desk) })
        return .page(
            PageContent(
                .overview, title: desk.texts.overview.title, view, refreshSeconds: installations.isEmpty ? nil : 10))
    }
}

private struct OverviewView: Sendable {
    var alarms: [AlarmView]
    var hasAlarms: Bool
    var isEmpty: Bool
    var connect: String
    var items: [InstallationFigures]
}

/// An alarm, for the person who is to do something.
private struct AlarmView: Sendable {
    var title: String
    /// The stable name, as the log has it.
    var name: String
    var installation: [String]
    /// Which side or direction of it.
    var subject: [String]
    var reason: String
    var advice: String
    var since: String
    var href: [String]

    init(_ raised: RaisedAlarm, _ all: [Installation], _ desk: Desk) {
        let texts = desk.texts.overview
        let alarm = raised.alarm
        let of = all.first { $0.id == alarm.installation }
        title = texts.alarm(alarm.name)
        name = alarm.name.rawValue
        installation = alarm.installation.map { id in [of?.name ?? id.rawValue] } ?? []
        subject = texts.subject(alarm.subject, channel: of.map(desk.name(of:))).map { [$0] } ?? []
        reason = desk.masked(raised.reason, of)
        advice = texts.advice(alarm.name)
        since = texts.since(MessageWay.words(for: desk.now.timeIntervalSince(raised.since)))
        var narrowed = ["installation": alarm.installation?.rawValue ?? ""]
        narrowed["direction"] = Direction(rawValue: alarm.subject)?.rawValue ?? ""
        switch alarm.name {
        case .installationPaused, .signatureFailures, .breakerOpen, .messageWithheld, .webhookSilent:
            href = of.map { [desk.settings.link("/installations/\($0.id)")] } ?? []
        case .outboxGrowing: href = [desk.settings.link("/messages", narrowed.merging(["state": "waiting"]) { $1 })]
        case .deliveryDead: href = [desk.settings.link("/messages", narrowed.merging(["state": "dead"]) { $1 })]
        case .relayStalled, .laneStuck: href = [desk.settings.link("/messages", ["state": "waiting"])]
        case .storePressure, .storeGone, .socketGone: href = []
        }
    }
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

    init(_ installation: Installation, _ metrics: StoreMetrics, _ minutes: [Flow: [MinuteMark]], _ desk: Desk) {
        let texts = desk.texts.overview
        let id = installation.id
        name = installation.name
        href = desk.settings.link("/installations/\(id)")
        state = desk.badge(of: installation)
        channel = desk.name(of: installation)
        let both = Direction.allCases.compactMap { metrics.outbox[Flow(id, $0)] }
        func number(_ label: String, _ count: Int64, _ standing: MessageQuery.Standing, kind: String) -> Number {
            Number(
                label: label, value: "\(count)", kind: count > 0 ? kind : "",
                href: count > 0
                    ? [desk.settings.link("/messages", ["state": standing.rawValue, "installation": id.rawValue])] : [])
        }
        func sum(_ key: KeyPath<StoreMetrics.Outbox, Int64>) -> Int64 { both.reduce(0) { $0 + $1[keyPath: key] } }
        let oldest = both.compactMap(\.oldestWaiting).min()
        numbers = [
            number(texts.waiting, sum(\.waiting), .waiting, kind: ""),
            Number(
                label: texts.oldest,
                value: oldest.map { MessageWay.words(for: desk.now.timeIntervalSince($0)) } ?? texts.none, kind: "",
                href: []),
            number(texts.held, sum(\.held), .held, kind: "warn"), number(texts.dead, sum(\.dead), .dead, kind: "bad"),
        ]
        if sum(\.inDoubt) > 0 { numbers.append(number(texts.inDoubt, sum(\.inDoubt), .inDoubt, kind: "warn")) }
        flows = Direction.allCases.map { direction in
            let flow = Flow(id, direction)
            let present = MinuteMark(metrics, flow, minute: MinuteMark.minute(of: desk.now))
            return FlowFigures(
                FlowHistory(minutes[flow] ?? [], present: present), direction,
                id: "\(direction.rawValue)-\(id)", name: installation.name, texts)
        }
    }
}

/// The last hour of one direction.
private struct FlowFigures: Sendable {
    struct Span: Sendable {
        var minutes: String
        var came: String
        var went: String
        var lost: String
    }

    /// A chart of what waited, where something did.
    struct Queue: Sendable {
        var chart: String
        var ceiling: String
    }

    var label: String
    var total: String
    var now: String
    var quick: String
    var slow: String
    /// Drawn already.
    var chart: String
    var ceiling: String
    var queue: [Queue]
    var spans: [Span]

    private static func sum(_ counts: [Int64]) -> Int64 {
        counts.reduce(Int64(0)) { sum, count in
            let (result, overflow) = sum.addingReportingOverflow(count)
            return overflow ? .max : result
        }
    }

    /// Minutes in one row of the table.
    private static let step = 10

    init(_ history: FlowHistory, _ direction: Direction, id: String, name: String, _ texts: OverviewTexts) {
        let known = history.accepted.compactMap(\.self)
        let sum = Self.sum(known)
        label = texts.flow(direction)
        total = "\(sum)"
        // The present minute has only begun: the one before it says how much a minute brings.
        now = history.accepted.dropLast().last?.map { "\($0)" } ?? texts.none
        func bound(_ share: Double) -> String {
            guard let bound = history.latency.bound(ofShare: share) else { return texts.none }
            return bound == .max ? texts.more : MessageWay.words(for: Double(bound) / 1_000_000)
        }
        quick = bound(0.5)
        slow = bound(0.99)
        let chart = BarChart(
            values: history.accepted,
            title: texts.chart(
                direction, name: name, total: sum, highest: known.max() ?? 0,
                isComplete: known.count == history.accepted.count), id: "chart-\(id)")
        self.chart = chart.svg
        ceiling = "\(chart.ceiling)"
        let most = history.waiting.compactMap(\.self).max() ?? 0
        let line = BarChart(
            values: history.waiting, title: texts.queue(direction, name: name, most: most), id: "queue-\(id)")
        queue = most > 0 ? [Queue(chart: line.svg, ceiling: "\(line.ceiling)")] : []
        spans = stride(from: 0, to: FlowHistory.minutes, by: Self.step).map { first in
            func text(_ values: [Int64?]) -> String {
                let part = values[first..<(first + Self.step)].compactMap(\.self)
                return part.isEmpty ? texts.unknown : "\(Self.sum(part))"
            }
            return Span(
                minutes: texts.span(FlowHistory.minutes - first, FlowHistory.minutes - first - Self.step),
                came: text(history.accepted), went: text(history.delivered), lost: text(history.dead))
        }
    }
}

extension Template {
    fileprivate static let overview = Template("overview", PackageResources.overview_mustache)
}
