import ArgumentParser
import Foundation
import Logging
import RelayCore

extension CompletionKind {
    /// The IDs of the installations in the data store that the settings name; none if it can't be read.
    static var installation: CompletionKind {
        .custom { _, _, _ in await InstallationCompletion.ids() }
    }
}

private enum InstallationCompletion {
    static func ids() async -> [String] {
        guard let settings = try? SettingsLoader(systemFile: SettingsOptions.systemFile).load(),
            FileManager.default.fileExists(atPath: settings.dataDirectory + "/byoc.sqlite"),
            let app = try? App.open(settings, logger: Logger(label: "byoc") { _ in SwiftLogNoOpLogHandler() })
        else { return [] }
        defer { app.close() }
        return ((try? await app.store.installations()) ?? []).map(\.id.rawValue)
    }
}
