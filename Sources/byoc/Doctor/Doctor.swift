import Foundation
import Logging
import Outbound
import Relay
import RelayCore

/// Checks everything from the settings to the outbox; each check has a time limit.
struct Doctor: Examining {
    let settings: Settings
    var mistakes: [SettingsMistake] = []
    /// How long each check may take.
    var limit = Duration.seconds(45)
    /// Not in a worker: a request that arrived through the socket proves that it works, and the worker may not know its path.
    var checksSocket = true
    /// Opens the data store, once the folder is known to exist.
    let open: @Sendable () throws -> App
    var closes = true

    func examine(_ installation: InstallationID?) async -> [Finding] {
        var findings = settingsFindings()
        let folder = DataFolderCheck(settings: settings).findings()
        findings += folder
        // Opening the store would create the folder, or change its mode; the doctor is read-only.
        guard !folder.contains(where: { $0.severity == .error && $0.subject == "Data folder" })
        else { return findings + [.unknown("Installations", "the data folder can't be used")] }
        guard FileManager.default.fileExists(atPath: settings.dataDirectory + "/byoc.sqlite") else {
            return findings + [
                Finding(
                    .error, "Data store", "there is no data store in \(settings.dataDirectory)",
                    why: "Either nothing has been installed yet, or the workers use another folder.",
                    do:
                        "Run with the workers' settings: --env-file /etc/byoc/env. To create a store: byoc serve or byoc "
                        + "install.")
            ]
        }
        let app: App
        do {
            app = try open()
        } catch {
            return findings + [
                Finding(
                    .error, "Data store", "\(error)", why: "byoc can neither accept nor relay messages.",
                    do: (error as? StoreFailure)?.kind == .wrongKey
                        ? "Restore your copy of secret.key, or set BYOC_SECRET_KEY to the key." : "byoc store check"
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
                do: "Correct it. To list all settings: byoc config")
        }
        if let file = settings.unreadFile {
            findings.append(
                Finding(
                    .error, "Settings", "this user can't read \(file)",
                    why: "Without it, the doctor checks defaults instead of the workers' settings.",
                    do: "Run the command as the user that byoc runs as: sudo -u byoc byoc doctor"))
        }
        if settings.baseURL.isEmpty, !mistakes.contains(where: { $0.key == "BYOC_BASE_URL" }) {
            findings.append(
                Finding(
                    .error, "Settings", "BYOC_BASE_URL isn't set", why: "Channels and Freshchat need it to reach byoc.",
                    do: "Set it to the public URL, such as https://chat.example.com"))
        }
        if findings.isEmpty { findings.append(Finding(.ok, "Settings", "valid")) }
        return findings
            + settings.cautions.map { caution in
                Finding(.warning, "Settings", caution.problem, why: caution.reason, do: caution.remedy)
            }
    }

    private func look(with app: App, over http: any HTTPSender, at id: InstallationID?) async -> [Finding] {
        let watching = ClockWatchingSender(http)
        let endpoint = EndpointCheck(settings: settings, proof: app.proof, http: watching)
        var findings: [Finding] = checksSocket ? await within("Socket") { await endpoint.socket() } : []
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
                Finding(
                    .error, "Data store", error.message, why: "byoc can't relay messages.", do: "byoc store check"))
        }
        var own: [Finding] = []
        for installation in installations {
            let check = InstallationCheck(app: app, http: watching, installation: installation, metrics: metrics)
            own += await within("Installation", of: installation.id) { await check.findings() }
        }
        if id == nil, installations.isEmpty {
            own.append(
                Finding(
                    .warning, "Installations", "none yet", why: "No channel is connected.",
                    do: "byoc install viber"))
        }
        return findings + watching.findings() + Self.pressure(metrics) + (await parked(app))
            + (await sharedAddresses(app)) + own
    }

    /// The alarms that don't belong to an installation; the others are reported with what they are about.
    private static func pressure(_ metrics: StoreMetrics?) -> [Finding] {
        (metrics?.alarms ?? []).filter { $0.alarm.installation == nil }.map { raised in
            if raised.alarm.name == .replyUndecided { return undecided(raised) }
            return Finding(
                .error, "Alarm", "\(raised.alarm.name.rawValue): \(raised.reason)",
                why: "byoc may not be able to accept or deliver messages.", do: "See the alarm in Operations.md.")
        }
    }

    private static func undecided(_ raised: RaisedAlarm) -> Finding {
        Finding(
            .error, "Alarm", "\(raised.alarm.name.rawValue) (\(raised.alarm.subject)): \(raised.reason)",
            why: "Several installations share a topic, and byoc doesn't guess whose customer a reply is for.",
            do: "Move one of them: byoc installation move ID --topic NAME. Then for each reply in byoc outbox --held "
                + "--installation \(raised.alarm.subject): byoc retry or byoc discard")
    }

    /// What waits for an installation that isn't there any more.
    private func parked(_ app: App) async -> [Finding] {
        do {
            return try await app.store.parkedEvents().map {
                Finding(
                    .warning, "Parked messages", $0.words, why: "byoc deletes them seven days after the first arrived.",
                    do: "Connect the address again to receive them: byoc install \($0.channel)")
            }
        } catch {
            return [.unknown("Parked messages", error.message)]
        }
    }

    /// Installations that turned out to be at one address of one account.
    private func sharedAddresses(_ app: App) async -> [Finding] {
        do {
            return try await app.store.currentDirectory().sharedAddresses.map { first, second in
                Finding(
                    .error, "Address", "\(first) and \(second) have the same address of one account",
                    why: "The channel sends each event to one of them only.",
                    do: "Remove one of them: byoc uninstall \(second)")
            }
        } catch {
            return [.unknown("Address", error.message)]
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
            var finding = Finding.unknown(subject, "the check took longer than \(Int(limit.seconds)) s")
            finding.installation = id
            return [finding]
        }
    }
}
