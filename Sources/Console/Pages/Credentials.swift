import HTTPTypes
import RelayCore

/// Replacing a credential. The old one is never shown, the new one never again.
extension Page {
    static let credentialForm = Page(.get, "/installations/{id}/credentials/{field}", in: .installations) {
        request, context in
        let installation = try await context.editable(request)
        let slot = try context.slot(request, installation)
        return context.credentialPage(installation, slot, FieldForm([slot.field], texts: context.texts.forms))
    }

    static let credentialSent = Page(.post, "/installations/{id}/credentials/{field}", in: .installations) {
        request, context in
        let installation = try await context.editable(request)
        let slot = try context.slot(request, installation)
        var form = FieldForm([slot.field], texts: context.texts.forms)
        form.fill(from: request.form)
        guard form.isGood, let value = form.values[slot.field.key] else {
            return context.credentialPage(installation, slot, form)
        }
        do {
            try await context.programme.replace(slot.credential, of: installation, with: value)
        } catch let failure as SetupFailure {
            let problem = form.fail(failure)
            return context.credentialPage(installation, slot, form, problem)
        }
        return try context.back(to: installation, done: "replaced")
    }
}

/// A credential with the field that asks for it.
private struct Slot {
    var credential: Credential
    var field: SettingField
}

/// A credential in the list of an installation.
struct CredentialView: Sendable {
    var label: String
    /// Masked, or what is said when there is none.
    var shown: String
    var href: String
    var action: String
}

extension PageContext {
    private func slots(of installation: Installation) -> [Slot] {
        var token = programme.helpdeskFields.token
        token.isRequired = true
        var key = programme.helpdeskFields.webhookKey
        key.isRequired = true
        let channel = (adapter(of: installation)?.descriptor.fields ?? []).filter {
            $0.isSecret && installation.channel.secrets[$0.key] != nil
        }
        return channel.map { Slot(credential: .channel($0.key), field: $0) }
            + [Slot(credential: .helpdeskToken, field: token), Slot(credential: .helpdeskKey, field: key)]
    }

    fileprivate func slot(_ request: PageRequest, _ installation: Installation) throws -> Slot {
        let key = request.parameters["field"] ?? ""
        guard let slot = slots(of: installation).first(where: { $0.field.key == key }) else {
            throw StoreFailure(.notFound, "there is no credential “\(key)”")
        }
        return slot
    }

    /// Those that can be replaced here.
    func credentials(of installation: Installation, among all: [Installation]) -> [CredentialView] {
        let own = slots(of: installation).filter { !isFixed($0.credential.side, of: installation, among: all) }
        return own.map { slot in
            let shown: String
            switch slot.credential {
            case .channel(let key): shown = installation.channel.secrets[key]?.masked ?? ""
            case .helpdeskToken: shown = installation.helpdesk.token.masked
            case .helpdeskKey:
                shown = installation.helpdesk.webhookPublicKey.isEmpty ? texts.credentials.none : texts.credentials.set
            }
            let isThere = slot.credential != .helpdeskKey || !installation.helpdesk.webhookPublicKey.isEmpty
            return CredentialView(
                label: slot.field.label, shown: shown,
                href: settings.link("/installations/\(installation.id)/credentials/\(slot.field.key)"),
                action: isThere ? texts.credentials.replace : texts.credentials.enter)
        }
    }

    fileprivate func credentialPage(
        _ installation: Installation, _ slot: Slot, _ form: FieldForm, _ problem: ProblemText? = nil
    ) -> Answer {
        var form = form.views
        for index in form.indices { form[index].isLong = slot.credential == .helpdeskKey }
        let view = CredentialFormView(
            title: slot.field.label, lead: texts.credentials.lead(slot.credential, installation.name), fields: form,
            problem: problem, hasWrong: false, wrong: [],
            action: settings.link("/installations/\(installation.id)/credentials/\(slot.field.key)"),
            back: settings.link("/installations/\(installation.id)"), installation: installation.name)
        let isGood = problem == nil && form.allSatisfy { $0.fault == nil }
        return .page(
            PageContent(.credential, title: slot.field.label, view, status: isGood ? .ok : .unprocessableContent))
    }
}

extension Credential {
    /// The account that it belongs to.
    fileprivate var side: Side {
        switch self {
        case .channel: .channel
        case .helpdeskToken, .helpdeskKey: .helpdesk
        }
    }
}

private struct CredentialFormView: Sendable {
    var title: String
    var lead: String
    var fields: [FieldView]
    var problem: ProblemText?
    var hasWrong: Bool
    var wrong: [FieldView]
    var action: String
    var back: String
    var installation: String
}

extension Template {
    fileprivate static let credential = Template("credential", PackageResources.credential_mustache)
}
