import Foundation
import Logging
import Outbound
import Relay
import RelayCore

/// Looks at everything, from the settings to what waits; each check has a time limit.
struct Doctor: Examining {
    let settings: Settings
    var mistakes: [SettingsMistake] = []
    /// How long each check may take.
    var limit = Duration.seconds(45)
    /// Not in a worker: whoever is asked by way of the socket knows that it works, and may not know its name.
    var looksAtSocket = true
    /// Opens the data store, once the folder is known to be there.
    let open: @Sendable () throws -> App
    var closes = true

    func examine(_ installation: InstallationID?) async -> [Finding] {
        var findings = settingsFindings()
        let folder = DataFolderCheck(settings: settings).findings()
        findings += folder
        // Opening the store would make the folder, or change its mode: nothing is changed here.
        guard !folder.contains(where: { $0.severity == .error && $0.subject == "Data folder" })
        else { return findings + [.unknown("Everything else", "it needs the data folder")] }
        guard FileManager.default.fileExists(atPath: settings.dataDirectory + "/byoc.sqlite") else {
            return findings + [
                Finding(
                    .error, "Data store", "there is none in \(settings.dataDirectory)",
                    why: "Either nothing was ever installed, or this is not the folder that the workers use.",
                    do: "Set BYOC_DATA_DIR; byoc serve and byoc install make a store where there is none.")
            ]
        }
        let app: App
        do {
            app = try open()
        } catch {
            return findings + [
                Finding(
                    .error, "Data store", "\(error)", why: "Nothing can be accepted or relayed.", do: "byoc store check"
                )
            ]
        }
        defer { if closes { app.close() } }
        do {
            findings += try await App.withHTTP { http in await look(with: app, over: http, at: installation) }
        } catch {
            findings.append(.unknown("Network", "\(error)"))
        }
        return findings
    }

    private func settingsFindings() -> [Finding] {
        var findings = mistakes.map { mistake in
            Finding(
                .error, "Settings", "\(mistake)", why: "byoc serve doesn't start with it.",
                do: "Correct it; byoc config explains every key.")
        }
        if settings.baseURL.isEmpty, !mistakes.contains(where: { $0.key == "BYOC_BASE_URL" }) {
            findings.append(
                Finding(
                    .error, "Settings", "BYOC_BASE_URL isn't set", why: "Nobody can be told where byoc is.",
                    do: "Set it to the public address, such as https://chat.example.com"))
        }
        if findings.isEmpty { findings.append(Finding(.ok, "Settings", "no mistake in them")) }
        return findings
            + settings.cautions.map { caution in
                Finding(.warning, "Settings", caution.problem, why: caution.reason, do: caution.remedy)
            }
    }

    private func look(with app: App, over http: any HTTPSender, at id: InstallationID?) async -> [Finding] {
        let watching = ClockWatchingSender(http)
        let endpoint = EndpointCheck(settings: settings, proof: app.proof, http: watching)
        var findings: [Finding] = looksAtSocket ? await within("Socket") { await endpoint.socket() } : []
        findings += await within("Public URL") { await endpoint.publicURL() }
        var metrics: StoreMetrics?
        var installations: [Installation] = []
        do {
            metrics = try await app.store.currentMetrics()
            installations = try await app.store.installations().filter {
                $0.state != .removed && (id == nil || $0.id == id)
            }
        } catch {
            findings.append(
                Finding(.error, "Data store", error.message, why: "Nothing can be relayed.", do: "byoc store check"))
        }
        var own: [Finding] = []
        for installation in installations {
            let check = InstallationCheck(app: app, http: watching, installation: installation, metrics: metrics)
            own += await within("Installation", of: installation.id) { await check.findings() }
        }
        if id == nil, installations.isEmpty {
            own.append(
                Finding(
                    .warning, "Installations", "there is none", why: "Nothing is connected yet.",
                    do: "byoc install viber"))
        }
        return findings + watching.findings() + Self.pressure(metrics) + own
    }

    /// The alarms that belong to no installation; the others are told as what they are about.
    private static func pressure(_ metrics: StoreMetrics?) -> [Finding] {
        (metrics?.alarms ?? []).filter { $0.alarm.installation == nil }.map { raised in
            Finding(
                .error, "Alarm", "\(raised.alarm.name.rawValue): \(raised.reason)", why: "A promise is at risk.",
                do: "See the alarm in Operations.md.")
        }
    }

    /// A check that takes too long says so.
    private func within(
        _ subject: String, of id: InstallationID? = nil, _ check: @escaping @Sendable () async -> [Finding]
    ) async -> [Finding] {
        await withTaskGroup(of: [Finding]?.self) { [limit] group in
            group.addTask { await check() }
            group.addTask {
                try? await Task.sleep(for: limit)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            if let first { return first }
            var finding = Finding.unknown(subject, "it took longer than \(Int(limit.seconds)) s")
            finding.installation = id
            return [finding]
        }
    }
}
