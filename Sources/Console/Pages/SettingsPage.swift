import HTTPTypes
import RelayCore

extension Page {
    /// Its name, its settings, and those of its accounts.
    static let settingsForm = Page(.get, "/installations/{id}/settings", in: .installations) { request, context in
        let form = try await context.settingsForm(request)
        return context.settingsPage(form, form.fields)
    }

    static let settingsSent = Page(.post, "/installations/{id}/settings", in: .installations) { request, context in
        let form = try await context.settingsForm(request)
        var fields = form.fields
        fields.fill(from: request.form)
        guard fields.isGood else { return context.settingsPage(form, fields, sent: request.form) }
        do {
            try await context.programme.change(form.installation, by: form.change(to: fields, request.form))
        } catch let failure as SetupFailure {
            let problem = fields.fail(failure)
            return context.settingsPage(form, fields, sent: request.form, problem)
        }
        return try context.back(to: form.installation, done: "changed")
    }
}

/// What can be edited of an installation.
private struct SettingsForm: Sendable {
    var installation: Installation
    /// The text fields that can be edited, with their present values.
    var fields: FieldForm
    var channelKeys: Set<String>
    /// Those that the server's environment sets.
    var fixed: [FactView]

    /// The new values; what the form doesn't offer stays.
    func change(to fields: FieldForm, _ sent: Fields) -> InstallationEdit {
        var change = InstallationEdit()
        for view in fields.views {
            let value = fields.values[view.name] ?? ""
            switch view.name {
            case _ where channelKeys.contains(view.name): change.settings[view.name] = value
            case "installation_name": change.name = value
            default: change.textLimit = Int(value)
            }
        }
        change.resolvedPolicy = Installation.ResolvedPolicy(rawValue: sent["resolved"])
        change.doubtPolicy = Installation.DoubtPolicy(rawValue: sent["doubt"])
        change.forwardsSystemLines = sent["system"] == "yes"
        return change
    }
}

extension PageContext {
    /// The settings with their values: those of the installation, then those of its accounts.
    func settingFacts(of installation: Installation) -> [FactView] {
        let own = (adapter(of: installation)?.descriptor.fields ?? []).filter { !$0.isSecret }
        return own.compactMap { field in
            guard let value = installation.channel.settings[field.key] ?? field.defaultValue, !value.isEmpty else {
                return nil
            }
            return FactView(label: field.label, text: value)
        } + [
            FactView(label: texts.settings.resolved, text: texts.settings.resolved(installation.resolvedPolicy)),
            FactView(label: texts.settings.doubt, text: texts.settings.doubt(installation.doubtPolicy)),
            FactView(
                label: texts.settings.system,
                text: installation.forwardsSystemLines ? texts.settings.systemSent : texts.settings.systemKept),
            FactView(label: texts.settings.textLimit.label, text: Int64(installation.helpdesk.textLimit).grouped),
        ]
    }

    fileprivate func settingsForm(_ request: PageRequest) async throws -> SettingsForm {
        _ = try await inService(request)
        let installation = try await editable(request)
        let all = try await store.installations()

        var declared: [SettingField] = []
        var known: [String: String] = [:]
        var fixed: [FactView] = []
        /// - Parameter side: that of the account that the value belongs to; `nil`: the installation's own.
        func offer(_ field: SettingField, of side: Side?, _ value: String) {
            if let side, isFixed(side, of: installation, among: all) {
                fixed.append(FactView(label: field.label, text: value))
            } else {
                declared.append(field)
                known[field.key] = value
            }
        }
        var name = texts.settings.name
        // No channel's setting has this key.
        name.key = "installation_name"
        offer(name, of: nil, installation.name)
        let channelFields = (adapter(of: installation)?.descriptor.fields ?? []).filter { !$0.isSecret }
        for field in channelFields {
            offer(field, of: .channel, installation.channel.settings[field.key] ?? field.defaultValue ?? "")
        }
        var limit = texts.settings.textLimit
        let wrong = texts.settings.notANumber(InstallationEdit.textLimits)
        limit.problem = { text in
            Int(text).map(InstallationEdit.textLimits.contains) == true ? nil : wrong
        }
        offer(limit, of: .helpdesk, String(installation.helpdesk.textLimit))
        return SettingsForm(
            installation: installation, fields: FieldForm(declared, known: known, texts: texts.forms),
            channelKeys: Set(channelFields.map(\.key)), fixed: fixed)
    }

    fileprivate func settingsPage(
        _ form: SettingsForm, _ fields: FieldForm, sent: Fields? = nil, _ problem: ProblemText? = nil
    ) -> Answer {
        let installation = form.installation
        let resolved = sent.map { $0["resolved"] } ?? installation.resolvedPolicy.rawValue
        let doubt = sent.map { $0["doubt"] } ?? installation.doubtPolicy.rawValue
        let view = SettingsView(
            title: texts.settings.edit, lead: texts.settings.lead(installation.name), problem: problem,
            hasWrong: !fields.isGood, wrong: fields.wrong, fields: fields.views, fixed: form.fixed,
            hasFixed: !form.fixed.isEmpty,
            action: settings.link("/installations/\(installation.id)/settings"),
            back: settings.link("/installations/\(installation.id)"), installation: installation.name,
            isReopened: resolved == Installation.ResolvedPolicy.reopen.rawValue,
            isResent: doubt == Installation.DoubtPolicy.resend.rawValue,
            isSystemSent: sent.map { $0["system"] == "yes" } ?? installation.forwardsSystemLines)
        let isGood = fields.isGood && problem == nil
        return .page(PageContent(.settings, title: view.title, view, status: isGood ? .ok : .unprocessableContent))
    }
}

private struct SettingsView: Sendable {
    var title: String
    var lead: String
    var problem: ProblemText?
    var hasWrong: Bool
    var wrong: [FieldView]
    var fields: [FieldView]
    var fixed: [FactView]
    var hasFixed: Bool
    var action: String
    var back: String
    var installation: String
    var isReopened: Bool
    var isResent: Bool
    var isSystemSent: Bool
}

extension Template {
    fileprivate static let settings = Template("settings", PackageResources.settings_mustache)
}
