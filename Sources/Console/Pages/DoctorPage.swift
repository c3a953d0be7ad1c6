import HTTPTypes
import RelayCore

extension Page {
    /// The findings of `byoc doctor`. The checks run on demand, because they take some seconds and query the channel and
    /// Freshchat.
    static let doctor = Page(.get, "/doctor", in: .doctor) { request, context in
        let texts = context.texts.doctor
        guard request.query["look"] == "now" else {
            return .page(PageContent(.doctor, title: texts.title, DoctorView(hasLooked: false)))
        }
        let findings = await context.programme.examine(nil)
        let installations = try await context.store.installations()
        func name(_ id: InstallationID?) -> String {
            guard let id else { return texts.everything }
            return installations.first { $0.id == id }.map { "\($0.name) · \(id)" } ?? id.rawValue
        }
        let worst = findings.map(\.severity).max() ?? .ok
        let groups = findings.reduce(into: [(id: InstallationID?, findings: [Finding])]()) { groups, finding in
            if let index = groups.firstIndex(where: { $0.id == finding.installation }) {
                groups[index].findings.append(finding)
            } else {
                groups.append((finding.installation, [finding]))
            }
        }
        let view = DoctorView(
            hasLooked: true,
            verdict: [
                .init(
                    kind: badge(worst, texts).kind,
                    text: texts.verdict(
                        errors: findings.count { $0.severity == .error },
                        warnings: findings.count { $0.severity == .warning }))
            ],
            groups: groups.enumerated().map { index, group in
                let items = group.findings.map { finding in
                    DoctorView.Item(
                        badge: badge(finding.severity, texts), subject: finding.subject, problem: finding.problem,
                        why: [finding.reason].filter { !$0.isEmpty },
                        remedy: finding.remedy.isEmpty
                            ? [] : [PageRemedy(finding.remedy, of: finding.installation, context)])
                }
                let good = items.filter { $0.badge.kind == "good" }
                return .init(
                    anchor: "group-\(index)", name: name(group.id),
                    link: group.id.map { [context.settings.link("/installations/\($0)")] } ?? [],
                    open: .groups(items.filter { $0.badge.kind != "good" }, label: ""),
                    passed: .groups(good, label: context.texts.checks.passed(good.count)))
            })
        return .page(PageContent(.doctor, title: texts.title, view))
    }

    private static func badge(_ severity: Finding.Severity, _ texts: DoctorTexts) -> BadgeView {
        switch severity {
        case .ok: BadgeView(kind: "good", label: texts.good)
        case .warning: BadgeView(kind: "warn", label: texts.warning)
        case .error: BadgeView(kind: "bad", label: texts.error)
        }
    }
}

private struct DoctorView: Sendable {
    struct Verdict: Sendable {
        var kind: String
        var text: String
    }

    struct Item: Sendable {
        var badge: BadgeView
        var subject: String
        var problem: String
        /// One, or none when nothing is wrong; so ``remedy``.
        var why: [String]
        var remedy: [PageRemedy]
    }

    struct Findings: Sendable {
        var label: String
        var findings: [Item]
    }

    struct Group: Sendable {
        var anchor: String
        var name: String
        /// One, or none for what has no page.
        var link: [String]
        /// The findings that need attention, as one list or none.
        var open: [Findings]
        /// The checks that passed, as one list or none.
        var passed: [Findings]
    }

    var hasLooked: Bool
    /// One, or none before the checks have run.
    var verdict: [Verdict] = []
    var groups: [Group] = []
}

extension Template {
    fileprivate static let doctor = Template("doctor", PackageResources.doctor_mustache)
}

extension [DoctorView.Findings] {
    /// One list; none without a finding.
    fileprivate static func groups(_ findings: [DoctorView.Item], label: String) -> Self {
        findings.isEmpty ? [] : [DoctorView.Findings(label: label, findings: findings)]
    }
}
