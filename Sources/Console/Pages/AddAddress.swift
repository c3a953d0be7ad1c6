import HTTPTypes
import RelayCore

/// Connecting another address of an installation's channel account.
extension Page {
    static let addressForm = Page(.get, "/installations/{id}/address", in: .installations) { request, context in
        try await context.addressPage(try await context.withAddress(request))
    }

    static let addressAdded = Page(.post, "/installations/{id}/address", in: .installations) { request, context in
        let installation = try await context.withAddress(request)
        let sent = request.form
        guard !sent["address"].isEmpty else {
            return try await context.addressPage(installation, context.texts.addresses.noAddress, sent)
        }
        guard !sent["topic"].isEmpty else {
            return try await context.addressPage(installation, context.texts.connect.noTopic, sent)
        }
        let name = sent["name"].trimmingWhiteSpace()
        do {
            let made = try await context.programme.add(
                AddressPlan(
                    besides: installation.id, address: Address(sent["address"]), topic: TopicID(sent["topic"]),
                    name: name.isEmpty ? nil : name))
            return try context.redirect(
                "/installations/\(made.installation)", done: "connected", warnings: made.warnings)
        } catch let failure as SetupFailure {
            return try await context.addressPage(installation, ProblemText(failure), sent)
        }
    }
}

extension Installation {
    /// Whether its channel account may have further addresses.
    var hasNamedAddress: Bool { address != .only }
}

extension PageContext {
    fileprivate func withAddress(_ request: PageRequest) async throws -> Installation {
        let installation = try await inService(request)
        guard installation.hasNamedAddress else { throw StoreFailure(.notFound, "its account has one address") }
        return installation
    }

    fileprivate func addressPage(
        _ installation: Installation, _ problem: ProblemText? = nil, _ sent: Fields = Fields("")
    ) async throws -> Answer {
        guard let channel = adapter(of: installation) else {
            throw StoreFailure(.notFound, "this version doesn't support the channel")
        }
        let check = try await programme.check(installation.channel, of: channel)
        let free = AddressChoices(check, of: installation.channel, among: try await store.installations()).free
        let topics = try await programme.check(installation.helpdesk).topics
        let view = AddAddressView(
            title: texts.addresses.add, lead: texts.addresses.addLead(channel.descriptor.name), problem: problem,
            addresses: free.map {
                var option = AddressOptionView($0)
                option.isChosen = option.id == sent["address"] || free.count == 1
                return option
            },
            hasAddresses: !free.isEmpty, legend: texts.connect.topicLegend,
            topics: topics.map {
                TopicOptionView($0, isChosen: $0.id.rawValue == sent["topic"], isCurrent: $0.id == installation.topic)
            }, hasTopics: !topics.isEmpty, name: sent["name"],
            action: settings.link("/installations/\(installation.id)/address"),
            back: settings.link("/installations/\(installation.id)"), installation: installation.name)
        return .page(
            PageContent(.addAddress, title: view.title, view, status: problem == nil ? .ok : .unprocessableContent))
    }
}

private struct AddAddressView: Sendable {
    var title: String
    var lead: String
    var problem: ProblemText?
    var hasWrong = false
    var addresses: [AddressOptionView]
    var hasAddresses: Bool
    var legend: String
    var topics: [TopicOptionView]
    var hasTopics: Bool
    var name: String
    var action: String
    var back: String
    var installation: String
}

extension Template {
    fileprivate static let addAddress = Template("addaddress", PackageResources.addaddress_mustache)
}
