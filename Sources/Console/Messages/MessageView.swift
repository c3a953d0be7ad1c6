import FoundationEssentials
import RelayCore

/// The page of one message.
struct MessageView: Sendable {
    struct Choice: Sendable {
        var label: String
        var help: String
        var href: String
        var isDangerous: Bool
    }

    var title: String
    var way: String
    var who: String
    var standing: StandingView
    /// Whether later messages were sent before it.
    var isLate: Bool
    /// The meaning of its state, with advice; empty if the reason for waiting says it all.
    var meaning: String
    var wait: [WaitView]
    var notice: [String]
    var facts: [FactView]
    var isOutbound: Bool
    var isNote: Bool
    var parts: [PartView]
    var stages: [StageView]
    var choices: [Choice]
    var hasChoices: Bool
    var remarks: [String]
    var list: String
    var ofContact: [String]

    init(
        _ message: BrowsedMessage, _ known: KnownInstallations, attempts: [Attempt], decisions: [DeliveryDecision],
        receipts: [Receipt], wait reason: WaitReason?, _ context: PageContext
    ) {
        let texts = context.texts.message
        let delivery = message.delivery
        let installation = known.present.first { $0.id == delivery.installation }
        let channel = context.name(ofChannel: known.channel(of: delivery.installation))
        let party = delivery.direction == .outbound ? channel : "Freshchat"
        let standing = MessageQuery.Standing(of: delivery)
        way = message.way(texts)
        who = message.name(texts)
        title = texts.title(way, who)
        self.standing = StandingView(standing, texts)
        isLate = delivery.isOutOfOrder
        let allowed = installation == nil ? [] : MessageDecision.all(for: delivery)
        meaning =
            standing == .delivered && decisions.last?.kind == .confirmedArrival
            ? texts.confirmedByOperator : texts.meaning(standing, party)
        if delivery.state == .dead, !allowed.isEmpty {
            let advice = RetryAdvice(delivery, subscription: message.contact?.subscription)
            meaning += " " + (advice.sentence(party: party) ?? context.texts.decisions.choose)
        }
        wait = reason.map { [WaitView($0, on: known.page(of: delivery.installation), channel: channel, context)] } ?? []
        notice = context.notice.flatMap { context.texts.decisions.done($0.done, standing) }.map { [$0] } ?? []
        facts = [
            FactView(label: texts.numberLabel, text: texts.number(delivery.id)),
            FactView(label: texts.installation, text: known.name(of: delivery.installation, context.texts)),
        ]
        if let contact = message.contact {
            facts.append(FactView(label: texts.customer, text: contact.profile.userID.rawValue))
        }
        isOutbound = delivery.direction == .outbound
        if case .note = delivery.payload { isNote = true } else { isNote = false }
        parts = delivery.payload?.parts(texts) ?? []
        stages = Timeline(
            delivery: delivery, attempts: attempts, decisions: decisions, receipts: receipts, wait: reason,
            waitView: wait, channel: channel, mask: { context.masked($0, installation) }
        ).stages(context.texts)
        choices = allowed.map {
            Choice(
                label: context.texts.decisions.button($0), help: context.texts.decisions.help($0, delivery),
                href: context.settings.link("/messages/\(delivery.id)/\($0.rawValue)"), isDangerous: $0.isDangerous)
        }
        hasChoices = !choices.isEmpty
        remarks = delivery.payload == nil ? [texts.unreadable] : parts.isEmpty ? [texts.blank] : []
        if installation == nil { remarks.append(texts.removedInstallation) }
        list = context.settings.link("/messages")
        ofContact =
            message.contact.map {
                [
                    context.settings.link(
                        "/messages",
                        ["contact": $0.profile.userID.rawValue, "installation": $0.installation.rawValue])
                ]
            } ?? []
    }
}
