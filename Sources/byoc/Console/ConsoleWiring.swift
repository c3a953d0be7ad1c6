import Channels
import Console
import Relay
import RelayCore
import SQLiteStore

/// What the settings pages need of the programme, out of its parts.
struct ConsoleWiring: ConsoleProgramme {
    let app: App
    let http: any HTTPSender

    var channels: [any Channel] { ChannelRegistry.all }

    func urls(of installation: Installation) -> InstallationURLs {
        InstallationURLs(
            target: app.endpoints.targetURL(of: installation), helpdesk: app.endpoints.helpdeskURL(of: installation),
            productEvent: app.endpoints.productEventURL(of: installation))
    }
}

extension App {
    /// The settings pages for one process.
    func console(over http: any HTTPSender) -> Console {
        Console(
            settings: ConsoleSettings(
                baseURL: settings.baseURL, password: settings.adminPassword, key: key.derive("console")),
            store: store, programme: ConsoleWiring(app: self, http: http),
            memory: ConsoleMemoryFile(dataDirectory: settings.dataDirectory), logger: logger)
    }
}
