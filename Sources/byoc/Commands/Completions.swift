import ArgumentParser
import Foundation
import Logging
import RelayCore

extension CompletionKind {
    /// The ids of the installations, asked of the data store that the environment names; none when it can't be read.
    static var installation: CompletionKind {
        .custom { _, _, _ in await InstallationCompletion.ids() }
    }
}

private enum InstallationCompletion {
    static func ids() async -> [String] {
        guard let settings = try? SettingsLoader().load(),
            FileManager.default.fileExists(atPath: settings.dataDirectory + "/byoc.sqlite"),
            let app = try? App.open(settings, logger: Logger(label: "byoc") { _ in SwiftLogNoOpLogHandler() })
        else { return [] }
        defer { app.close() }
        return ((try? await app.store.installations()) ?? []).map(\.id.rawValue)
    }
}
