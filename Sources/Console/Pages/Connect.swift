import HTTPTypes
import RelayCore

/// Connecting a channel, in four steps. What was entered travels in each form, encrypted, and is never shown again.
extension Page {
    /// Which channel.
    static let chooseChannel = Page(.get, "/installations/new", in: .installations) { _, context in
        let channels = context.programme.channels.map { channel in
            ChooseChannelView.Item(
                name: channel.descriptor.name,
                needs: (channel.descriptor.fields + context.helpdeskFields).filter(\.isRequired),
                href: context.settings.link("/installations/new/\(channel.descriptor.kind)"))
        }
        return .page(
            PageContent(
                .chooseChannel, title: context.texts.connect.title,
                ChooseChannelView(steps: context.texts.connect.steps(at: 0), channels: channels)))
    }

    /// The channel's own settings.
    static let channelForm = Page(.get, "/installations/new/{channel}", in: .installations) { request, context in
        let channel = try context.channel(request)
        return context.channelStep(channel, FieldForm(channel.descriptor.fields, texts: context.texts.forms))
    }

    /// The channel's settings were sent: Freshchat's come next.
    static let channelSent = Page(.post, "/installations/new/{channel}", in: .installations) { request, context in
        let channel = try context.channel(request)
        var draft =
            context.draft(in: request) ?? ConnectionDraft(channel: ChannelAccount(kind: channel.descriptor.kind))
        var form = FieldForm(channel.descriptor.fields, known: draft.channel.values, texts: context.texts.forms)
        form.fill(from: request.form)
        draft.channel = ChannelAccount(
            kind: channel.descriptor.kind, fields: channel.descriptor.fields, values: form.values)
        guard form.isGood else { return context.channelStep(channel, form, draft) }
        let check: ChannelCheck
        do throws(SetupFailure) {
            check = try await context.programme.check(draft.channel, of: channel)
        } catch {
            let problem = form.fail(error)
            draft.channel = ChannelAccount(
                kind: channel.descriptor.kind, fields: channel.descriptor.fields, values: form.values)
            return context.channelStep(channel, form, draft, problem)
        }
        draft.channelAccount = check.accountName
        draft.channel.identity = check.identity
        let choices = AddressChoices(check, of: draft.channel, among: try await context.store.installations())
        if let taken = choices.all.first?.installation, choices.free.isEmpty {
            return context.channelStep(channel, form, draft, context.texts.addresses.taken(taken.name))
        }
        draft.sharers = choices.sharers.map(\.name)
        if choices.free.count > 1 {
            draft.channelAddress = nil
            return context.addressStep(channel, choices.free, draft)
        }
        draft.channelAddress = choices.free.first?.address
        return context.helpdeskStep(channel, context.deskForm(of: draft), draft)
    }

    /// The address was chosen: Freshchat's settings come next.
    static let addressSent = Page(.post, "/installations/new/{channel}/address", in: .installations) {
        request, context in
        let channel = try context.channel(request)
        guard var draft = context.draft(in: request) else { return context.draftLost() }
        let check = try await context.programme.check(draft.channel, of: channel)
        let choices = AddressChoices(check, of: draft.channel, among: try await context.store.installations())
        guard let chosen = choices.free.first(where: { $0.address.rawValue == request.form["address"] }) else {
            return context.addressStep(channel, choices.free, draft, context.texts.addresses.noAddress)
        }
        draft.channelAddress = chosen.address
        draft.addressName = chosen.name
        return context.helpdeskStep(channel, context.deskForm(of: draft), draft)
    }

    /// Freshchat's settings were sent: the topics come next.
    static let helpdeskSent = Page(.post, "/installations/new/{channel}/freshchat", in: .installations) {
        request, context in
        let channel = try context.channel(request)
        guard var draft = context.draft(in: request) else { return context.draftLost() }
        var form = FieldForm(context.helpdeskFields, known: draft.helpdeskValues(context), texts: context.texts.forms)
        form.fill(from: request.form)
        draft.keep(form.values, context)
        guard form.isGood else { return context.helpdeskStep(channel, form, draft) }
        var checked: (account: HelpdeskAccount, check: HelpdeskCheck)
        do throws(SetupFailure) {
            let account = try context.programme.helpdeskAccount(
                address: draft.address ?? "", token: draft.token ?? Secret(""))
            let check = try await context.programme.check(account)
            draft.helpdeskAccount = check.accountName
            draft.deskIdentity = check.identity
            checked = (account, check)
        } catch {
            let problem = form.fail(error)
            draft.keep(form.values, context)
            return context.helpdeskStep(channel, form, draft, problem)
        }
        checked.account.identity = checked.check.identity
        let known = try await context.store.installations().filter { $0.helpdesk.isSameAccount(as: checked.account) }
        draft.deskSharers = known.map(\.name)
        return context.topicStep(channel, checked.check.topics, draft)
    }

    /// The topic was chosen: the installation is made.
    static let topicSent = Page(.post, "/installations/new/{channel}/topic", in: .installations) { request, context in
        let channel = try context.channel(request)
        guard let draft = context.draft(in: request) else { return context.draftLost() }
        let account = try context.programme.helpdeskAccount(
            address: draft.address ?? "", token: draft.token ?? Secret(""))
        let topic = request.form["topic"]
        func again(_ problem: ProblemText) async throws -> Answer {
            context.topicStep(channel, try await context.programme.check(account).topics, draft, problem, chosen: topic)
        }
        guard !topic.isEmpty else { return try await again(context.texts.connect.noTopic) }
        let name = request.form["name"].trimmingWhiteSpace()
        do {
            let made = try await context.programme.connect(
                ConnectionPlan(
                    channel: draft.channel, address: draft.channelAddress, helpdesk: account, topic: TopicID(topic),
                    name: name.isEmpty ? nil : name,
                    doubtPolicy: Installation.DoubtPolicy(rawValue: request.form["doubt"]) ?? .resend))
            return try context.redirect(
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
    var helpdeskAccount = ""

    init(channel: ChannelAccount) { self.channel = channel }

    func helpdeskValues(_ context: PageContext) -> [String: String] {
        var values: [String: String] = [:]
        values[context.programme.helpdeskFields.address.key] = address
        values[context.programme.helpdeskFields.token.key] = token?.reveal()
        return values
    }

    mutating func keep(_ values: [String: String], _ context: PageContext) {
        address = values[context.programme.helpdeskFields.address.key]
        token = values[context.programme.helpdeskFields.token.key].map { Secret($0) }
    }
}

extension PageContext {
    fileprivate var helpdeskFields: [SettingField] {
        [programme.helpdeskFields.address, programme.helpdeskFields.token]
    }

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
        FieldForm(helpdeskFields, known: draft.helpdeskValues(self), texts: texts.forms)
    }

    fileprivate func draftLost() -> Answer {
        var problem = texts.connect.draftLost
        problem.links = [LinkView(label: texts.connect.title, href: settings.link("/installations/new"))]
        return .page(.problem(problem, .conflict))
    }

    fileprivate func channelStep(
        _ channel: any Channel, _ form: FieldForm, _ draft: ConnectionDraft? = nil, _ problem: ProblemText? = nil
    ) -> Answer {
        step(
            1, channel, texts.connect.channelTitle(channel.descriptor.name), form, draft, problem, action: "",
            lead: texts.connect.channelLead(channel.descriptor.name))
    }

    fileprivate func helpdeskStep(
        _ channel: any Channel, _ form: FieldForm, _ draft: ConnectionDraft, _ problem: ProblemText? = nil
    ) -> Answer {
        step(
            2, channel, texts.connect.helpdeskTitle, form, draft, problem, action: "/freshchat",
            lead: texts.connect.helpdeskLead(channel.descriptor.name, draft.channelAccount),
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
            steps: texts.connect.steps(at: 3), lead: texts.connect.topicLead(draft.helpdeskAccount),
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
