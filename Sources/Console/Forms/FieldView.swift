import RelayCore

/// One field of a form, as `{{> field}}` draws it.
struct FieldView: Sendable {
    var name: String
    var label: String
    var help: String
    /// Never that of a secret.
    var value = ""
    /// The problem with its value. Not called `problem`, because Mustache looks for a `nil` further out, where a page has one.
    var fault: String?
    var isSecret: Bool
    var isOptional: Bool
    /// Several lines.
    var isLong = false
    /// A secret that was entered before and stays when the field is left empty.
    var isKept = false

    init(_ field: SettingField) {
        name = field.key
        label = field.label
        help = field.help
        isSecret = field.isSecret
        isOptional = !field.isRequired
        value = field.isSecret ? "" : field.defaultValue ?? ""
    }
}

/// A declared list of fields with what somebody entered into them.
struct FieldForm {
    private let declared: [SettingField]
    private(set) var views: [FieldView]
    /// The valid values so far, by the fields' keys, secrets in clear.
    private(set) var values: [String: String] = [:]
    private let texts: FormTexts

    /// A form that is empty, or shows what is known.
    init(_ declared: [SettingField], known: [String: String] = [:], texts: FormTexts) {
        self.declared = declared
        self.texts = texts
        views = declared.map(FieldView.init)
        for (index, field) in declared.enumerated() {
            guard let value = known[field.key], !value.isEmpty else { continue }
            values[field.key] = value
            if field.isSecret { views[index].isKept = true } else { views[index].value = value }
        }
    }

    /// Takes what was sent. A secret that is left empty stays what it was.
    mutating func fill(from form: Fields) {
        for (index, field) in declared.enumerated() {
            let entered = form[field.key].trimmingWhiteSpace()
            let value = entered.isEmpty && field.isSecret ? values[field.key] ?? "" : entered
            if !field.isSecret { views[index].value = value }
            if value.isEmpty {
                values[field.key] = nil
                if field.isRequired { fail(field.key, texts.missing) }
            } else if let problem = field.problem(value) {
                fail(field.key, texts.wrong(problem))
            } else {
                values[field.key] = value
                views[index].isKept = field.isSecret
            }
        }
    }

    /// Marks a field as wrong. A secret that is wrong isn't kept.
    mutating func fail(_ key: String, _ problem: String) {
        guard let index = views.firstIndex(where: { $0.name == key }) else { return }
        views[index].fault = problem
        if views[index].isSecret {
            values[key] = nil
            views[index].isKept = false
        }
    }

    /// Puts a refusal by the channel or Freshchat beside the field that it is about.
    ///
    /// - Returns: the refusal if it is about none of the fields, to stand above the form.
    mutating func fail(_ failure: SetupFailure) -> ProblemText? {
        guard let key = failure.field, views.contains(where: { $0.name == key }) else {
            return ProblemText(failure)
        }
        fail(key, texts.refused(by: failure.side, failure.problem, failure.remedy))
        return nil
    }

    var isGood: Bool { views.allSatisfy { $0.fault == nil } }

    /// Those that are wrong, to stand above the form with links to them.
    var wrong: [FieldView] { views.filter { $0.fault != nil } }
}

extension ChannelAccount {
    /// Its settings and secrets by their keys.
    init(kind: ChannelKind, fields: [SettingField], values: [String: String]) {
        self.init(kind: kind)
        for field in fields {
            guard let value = values[field.key] else { continue }
            if field.isSecret { secrets[field.key] = Secret(value) } else { settings[field.key] = value }
        }
    }

    var values: [String: String] { settings.merging(secrets.mapValues { $0.reveal() }) { $1 } }
}
