import FoundationEssentials
import RelayCore

/// The page of one installation.
struct InstallationView: Sendable {
    struct URLView: Sendable {
        var id: String
        var label: String
        var value: String
        var help: String
    }

    var name: String
    var facts: [FactView]
    var moreFacts: [FactView]
    var state: BadgeView
    var href: String
    /// One or none.
    var notice: [String]
    var warnings: [String]
    var pausedBecause: String
    /// The advice for a pause after a refused credential; one or none.
    var pausedAdvice: [String]
    var isPaused: Bool
    var urls: [URLView]
    var productEvent: URLView
    var needsKey: Bool
    var checkHelp: String
    /// The checks that need attention, as one group or none.
    var open: [CheckGroup]
    /// The checks that passed, as one group or none.
    var passed: [CheckGroup]
    var credentials: [CredentialView]
    var isEditable: Bool
    var canTest: Bool
    var isRegistering: Bool

    var settings: [FactView]
    /// The accounts that it shares with others.
    var accounts: [AccountView]
    var canEdit: Bool
    var canMove: Bool
    /// Why some credentials and settings can't be changed here; one or none.
    var sharedWithEnvironment: [String]
    var canAddAddress: Bool
    /// How far it is in being taken out of service; one or none.
    var draining: [String]
    var isInService: Bool

    init(
        _ installation: Installation, among all: [Installation], _ metrics: StoreMetrics, _ checks: [CheckView],
        wasAsked: Bool, _ context: PageContext
    ) {
        let texts = context.texts.installation
        let channel = context.name(of: installation)
        let given = context.programme.urls(of: installation)
        name = installation.name
        facts = texts.facts(channel, installation)
        moreFacts = texts.moreFacts(installation) + context.accountFacts(of: installation)
        settings = context.settingFacts(of: installation)
        accounts = context.sharedAccounts(of: installation, among: all)
        isInService = !installation.isDraining
        canEdit = isInService && installation.origin == .installed
        canMove = canEdit
        canAddAddress = isInService && installation.hasNamedAddress
        draining =
            isInService
            ? []
            : [
                context.texts.drain.progress(
                    inbound: metrics.outbox[Flow(installation.id, .inbound)]?.waiting ?? 0,
                    outbound: metrics.outbox[Flow(installation.id, .outbound)]?.waiting ?? 0)
            ]
        state = context.badge(of: installation)
        href = context.settings.link("/installations/\(installation.id)")
        notice = context.notice.flatMap { texts.notice($0.done) }.map { [$0] } ?? []
        warnings = context.notice?.warnings ?? []
        if case .paused(let reason, _, let cause) = installation.state {
            pausedBecause = context.masked(reason, installation).capitalisedSentence
            pausedAdvice = cause == .credential ? [texts.pausedAdvice] : []
            isPaused = true
        } else {
            pausedBecause = ""
            pausedAdvice = []
            isPaused = false
        }
        isRegistering = context.adapter(of: installation) is any WebhookRegistering
        urls = [
            URLView(
                id: "target-url", label: texts.targetURL, value: given.target,
                help: isRegistering ? texts.targetRegistered(channel) : texts.targetToPaste(channel)),
            URLView(id: "helpdesk-url", label: texts.helpdeskURL, value: given.helpdesk, help: texts.helpdeskHelp),
        ]
        productEvent = URLView(
            id: "event-url", label: texts.eventURL, value: given.productEvent, help: texts.eventHelp)
        isEditable = installation.origin == .installed
        needsKey = installation.helpdesk.webhookPublicKey.isEmpty && isEditable
        checkHelp = wasAsked ? texts.asked : texts.checkHelp(channel)
        open = CheckGroup.groups(checks.filter { $0.badge.kind != "good" }, label: "")
        let good = checks.filter { $0.badge.kind == "good" }
        passed = CheckGroup.groups(good, label: context.texts.checks.passed(good.count))
        credentials = isEditable ? context.credentials(of: installation, among: all) : []
        sharedWithEnvironment =
            isEditable && Side.allCases.contains { context.isFixed($0, of: installation, among: all) }
            ? [context.texts.settings.sharedWithEnvironment] : []
        canTest = context.adapter(of: installation) is any SampleEventMaking
    }
}

/// A name and the fact under it.
struct FactView: Sendable {
    var label: String
    var text: String
}

extension Template {
    static let installation = Template("installation", PackageResources.installation_mustache)
}
