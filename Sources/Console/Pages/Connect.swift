import HTTPTypes
import RelayCore

/// Connecting a channel, in four steps. What was entered travels in each form, encrypted, and is never shown again.
extension Page {
    /// Which channel.
    static let chooseChannel = Page(.get, "/installations/new", in: .installations) { _, desk in
        let channels = desk.programme.channels.map { channel in
            ChooseChannelView.Item(
                name: channel.descriptor.name,
                needs: (channel.descriptor.fields + desk.deskFields).filter(\.isRequired),
                href: desk.settings.link("/installations/new/\(channel.descriptor.kind)"))
        }
        return .page(
            PageContent(
                .chooseChannel, title: desk.texts.connect.title,
                ChooseChannelView(steps: desk.texts.connect.steps(at: 0), channels: channels)))
    }

    /// The channel's own settings.
    static let channelForm = Page(.get, "/installations/new/{channel}", in: .installations) { request, desk in
        let channel = try desk.channel(request)
        return desk.channelStep(channel, FieldForm(channel.descriptor.fields, texts: desk.texts.forms))
    }

    /// The channel's settings were sent: Freshchat's come next.
    static let channelSent = Page(.post, "/installations/new/{channel}", in: .installations) { request, desk in
        let channel = try desk.channel(request)
        var draft = desk.draft(in: request) ?? ConnectionDraft(channel: ChannelAccount(kind: channel.descriptor.kind))
        var form = FieldForm(channel.descriptor.fields, known: draft.channel.values, texts: desk.texts.forms)
        form.fill(from: request.form)
        draft.channel = ChannelAccount(
            kind: channel.descriptor.kind, fields: channel.descriptor.fields, values: form.values)
        guard form.isGood else { return desk.channelStep(channel, form, draft) }
        let check: ChannelCheck
        do throws(SetupFailure) {
            check = try await desk.programme.check(draft.channel, of: channel)
        } catch {
            let problem = form.fail(error)
            draft.channel = ChannelAccount(
                kind: channel.descriptor.kind, fields: channel.descriptor.fields, values: form.values)
            return desk.channelStep(channel, form, draft, problem)
        }
        draft.channelAccount = check.accountName
        draft.channel.identity = check.identity
        let choices = AddressChoices(check, of: draft.channel, among: try await desk.store.installations())
        if let taken = choices.all.first?.installation, choices.free.isEmpty {
            return desk.channelStep(channel, form, draft, desk.texts.addresses.taken(taken.name))
        }
        draft.sharers = choices.sharers.map(\.name)
        if choices.free.count > 1 {
            draft.channelAddress = nil
            return desk.addressStep(channel, choices.free, draft)
        }
        draft.channelAddress = choices.free.first?.address
        return desk.deskStep(channel, desk.deskForm(of: draft), draft)
    }

    /// The address was chosen: Freshchat's settings come next.
    static let addressSent = Page(.post, "/installations/new/{channel}/address", in: .installations) { request, desk in
        let channel = try desk.channel(request)
        guard var draft = desk.draft(in: request) else { return desk.draftLost() }
        let check = try await desk.programme.check(draft.channel, of: channel)
        let choices = AddressChoices(check, of: draft.channel, among: try await desk.store.installations())
        guard let chosen = choices.free.first(where: { $0.address.rawValue == request.form["address"] }) else {
            return desk.addressStep(channel, choices.free, draft, desk.texts.addresses.noAddress)
        }
        draft.channelAddress = chosen.address
        draft.addressName = chosen.name
        return desk.deskStep(channel, desk.deskForm(of: draft), draft)
    }

    /// Freshchat's settings were sent: the topics come next.
    static let deskSent = Page(.post, "/installations/new/{channel}/freshchat", in: .installations) { request, desk in
        let channel = try desk.channel(request)
        guard var draft = desk.draft(in: request) else { return desk.draftLost() }
        var form = FieldForm(desk.deskFields, known: draft.deskValues(desk), texts: desk.texts.forms)
        form.fill(from: request.form)
        draft.keep(form.values, desk)
        guard form.isGood else { return desk.deskStep(channel, form, draft) }
        var checked: (account: HelpdeskAccount, check: HelpdeskCheck)
        do throws(SetupFailure) {
            let account = try desk.programme.deskAccount(
                address: draft.address ?? "", token: draft.token ?? Secret(""))
            let check = try await desk.programme.check(account)
            draft.deskAccount = check.accountName
            draft.deskIdentity = check.identity
            checked = (account, check)
        } catch {
            let problem = form.fail(error)
            draft.keep(form.values, desk)
            return desk.deskStep(channel, form, draft, problem)
        }
        checked.account.identity = checked.check.identity
        let known = try await desk.store.installations().filter { $0.helpdesk.isSameAccount(as: checked.account) }
        draft.deskSharers = known.map(\.name)
        return desk.topicStep(channel, checked.check.topics, draft)
    }

    /// The topic was chosen: the installation is made.
    static let topicSent = Page(.post, "/installations/new/{channel}/topic", in: .installations) { request, desk in
        let channel = try desk.channel(request)
        guard let draft = desk.draft(in: request) else { return desk.draftLost() }
        let account = try desk.programme.deskAccount(address: draft.address ?? "", token: draft.token ?? Secret(""))
        let topic = request.form["topic"]
        func again(_ problem: ProblemText) async throws -> Answer {
            desk.topicStep(channel, try await desk.programme.check(account).topics, draft, problem, chosen: topic)
        }
        guard !topic.isEmpty else { return try await again(desk.texts.connect.noTopic) }
        let name = request.form["name"].trimmingWhiteSpace()
        do {
            let made = try await desk.programme.connect(
                ConnectionPlan(
                    channel: draft.channel, address: draft.channelAddress, desk: account, topic: TopicID(topic),
                    name: name.isEmpty ? nil : name,
                    doubtPolicy: Installation.DoubtPolicy(rawValue: request.form["doubt"]) ?? .resend))
            return try desk.redirect(
                "/installations/\(made.installation)", done: "connected", warnings: made.warnings)
        } catch let failure as SetupFailure {
            return try await again(ProblemText(failure))
        }
    }
}

/// The fields that are filled in so far.
struct ConnectionDraft: Codable, Sendable {
    var channel: ChannelAccount
    /// As the channel calls it.
    var channelAccount = ""
    /// The address that was chosen, or the only one; `nil` before that.
    var channelAddress: Address?
    var addressName: String?
    /// The names of the installations that have the channel account already.
    var sharers: [String] = []
    /// Likewise for the Freshchat account.
    var deskSharers: [String] = []
    var deskIdentity: RemoteIdentity?
    var address: String?
    var token: Secret?
    var deskAccount = ""

    init(channel: ChannelAccount) { self.channel = channel }

    func deskValues(_ desk: Desk) -> [String: String] {
        var values: [String: String] = [:]
        values[desk.programme.deskFields.address.key] = address
        values[desk.programme.deskFields.token.key] = token?.reveal()
        return values
    }

    mutating func keep(_ values: [String: String], _ desk: Desk) {
        address = values[desk.programme.deskFields.address.key]
        token = values[desk.programme.deskFields.token.key].map { Secret($0) }
    }
}

extension Desk {
    fileprivate var deskFields: [SettingField] { [programme.deskFields.address, programme.deskFields.token] }

    fileprivate func channel(_ request: PageRequest) throws -> any Channel {
        let kind = request.parameters["channel"] ?? ""
        guard let channel = programme.channels.first(where: { $0.descriptor.kind.rawValue == kind }) else {
            throw StoreFailure(.notFound, "there is no channel “\(kind)”")
        }
        return channel
    }

    /// The draft, if it was made for this channel: another's secrets are none of its business.
    fileprivate func draft(in request: PageRequest) -> ConnectionDraft? {
        let draft = drafts.open(request.form["draft"], ConnectionDraft.self, of: session, now: now)
        return draft?.channel.kind.rawValue == request.parameters["channel"] ? draft : nil
    }

    fileprivate func deskForm(of draft: ConnectionDraft) -> FieldForm {
        FieldForm(deskFields, known: draft.deskValues(self), texts: texts.forms)
    }

    fileprivate func draftLost() -> Answer { .page(.problem(texts.connect.draftLost, .conflict)) }

    fileprivate func channelStep(
        _ channel: any Channel, _ form: FieldForm, _ draft: ConnectionDraft? = nil, _ problem: ProblemText? = nil
    ) -> Answer {
        step(
            1, channel, texts.connect.channelTitle(channel.descriptor.name), form, draft, problem, action: "",
            lead: texts.connect.channelLead(channel.descriptor.name))
    }

    fileprivate func deskStep(
        _ channel: any Channel, _ form: FieldForm, _ draft: ConnectionDraft, _ problem: ProblemText? = nil
    ) -> Answer {
        step(
            2, channel, texts.connect.deskTitle, form, draft, problem, action: "/freshchat",
            lead: texts.connect.deskLead(channel.descriptor.name, draft.channelAccount),
            notice: draft.sharers.isEmpty ? [] : [texts.accounts.known(channel.descriptor.name, draft.sharers)])
    }

    fileprivate func addressStep(
        _ channel: any Channel, _ free: [AddressOffer], _ draft: ConnectionDraft, _ problem: ProblemText? = nil
    ) -> Answer {
        let view = AddressStepView(
            steps: texts.connect.steps(at: 1),
            lead: texts.addresses.lead(channel.descriptor.name, draft.channelAccount), problem: problem,
            action: settings.link("/installations/new/\(channel.descriptor.kind)/address"), draft: seal(draft),
            addresses: free.map(AddressOptionView.init))
        return .page(
            PageContent(
                .addressStep, title: texts.addresses.title, view, status: problem == nil ? .ok : .unprocessableContent))
    }

    private func step(
        _ number: Int, _ channel: any Channel, _ title: String, _ form: FieldForm, _ draft: ConnectionDraft?,
        _ problem: ProblemText?, action: String, lead: String, notice: [String] = []
    ) -> Answer {
        let view = ConnectFormView(
            steps: texts.connect.steps(at: number), title: title, lead: lead, notice: notice, problem: problem,
            hasWrong: !form.isGood, wrong: form.wrong,
            action: settings.link("/installations/new/\(channel.descriptor.kind)\(action)"), draft: seal(draft),
            required: form.views.filter { !$0.isOptional }, optional: form.views.filter(\.isOptional),
            hasOptional: form.views.contains(where: \.isOptional),
            isOptionalOpen: form.views.contains { $0.isOptional && $0.fault != nil })
        return .page(
            PageContent(
                .connectForm, title: title, view, status: form.isGood && problem == nil ? .ok : .unprocessableContent))
    }

    fileprivate func topicStep(
        _ channel: any Channel, _ topics: [HelpdeskCheck.Topic], _ draft: ConnectionDraft,
        _ problem: ProblemText? = nil, chosen: String = ""
    ) -> Answer {
        let view = TopicView(
            steps: texts.connect.steps(at: 3), lead: texts.connect.topicLead(draft.deskAccount),
            notice: draft.deskSharers.isEmpty ? [] : [texts.accounts.known("Freshchat", draft.deskSharers)],
            problem: problem,
            action: settings.link("/installations/new/\(channel.descriptor.kind)/topic"), draft: seal(draft),
            legend: texts.connect.topicLegend,
            topics: topics.map { TopicOptionView($0, isChosen: $0.id.rawValue == chosen || topics.count == 1) },
            hasTopics: !topics.isEmpty, name: draft.addressName ?? draft.channelAccount,
            connect: texts.connect.connect(channel.descriptor.name),
            connecting: texts.connect.connecting(
                channel.descriptor.name, isRegistering: channel is any WebhookRegistering))
        return .page(
            PageContent(
                .topic, title: texts.connect.topicTitle, view, status: problem == nil ? .ok : .unprocessableContent))
    }

    private func seal(_ draft: ConnectionDraft?) -> String {
        // What can't be sealed is entered once more.
        draft.flatMap { try? drafts.seal($0, of: session, now: now) } ?? ""
    }
}

private struct ChooseChannelView: Sendable {
    struct Item: Sendable {
        struct Need: Sendable {
            var label: String
            var help: String
        }

        var name: String
        var needs: [Need]
        var href: String

        init(name: String, needs: [SettingField], href: String) {
            self.name = name
            self.needs = needs.map { Need(label: $0.label, help: $0.help) }
            self.href = href
        }
    }

    var steps: [StepView]
    var channels: [Item]
}

private struct ConnectFormView: Sendable {
    var steps: [StepView]
    var title: String
    var lead: String
    /// One or none.
    var notice: [String]
    var problem: ProblemText?
    var hasWrong: Bool
    var wrong: [FieldView]
    var action: String
    var draft: String
    var required: [FieldView]
    var optional: [FieldView]
    var hasOptional: Bool
    var isOptionalOpen: Bool
}

private struct TopicView: Sendable {
    var steps: [StepView]
    var lead: String
    /// One or none.
    var notice: [String]
    var problem: ProblemText?
    var action: String
    var draft: String
    var legend: String
    var topics: [TopicOptionView]
    var hasTopics: Bool
    var name: String
    var connect: String
    var connecting: String
}

private struct AddressStepView: Sendable {
    var steps: [StepView]
    var lead: String
    var problem: ProblemText?
    var hasWrong = false
    var action: String
    var draft: String
    var addresses: [AddressOptionView]
}

extension Template {
    fileprivate static let addressStep = Template("addressstep", PackageResources.addressstep_mustache)
    fileprivate static let chooseChannel = Template("choose", PackageResources.choose_mustache)
    fileprivate static let connectForm = Template("connect", PackageResources.connect_mustache)
    fileprivate static let topic = Template("topic", PackageResources.topic_mustache)
}
