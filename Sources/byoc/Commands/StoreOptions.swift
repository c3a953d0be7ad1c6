import ArgumentParser
import Logging
import RelayCore

/// The options and the opening of the data store that most commands share.
struct StoreOptions: ParsableArguments {
    @OptionGroup var settings: SettingsOptions

    @Flag(help: "Print JSON.")
    var json = false

    /// - Parameter creates: whether the command may create the data store if there is none.
    func open(_ needs: SettingsLoader.Need..., creates: Bool = false) throws -> App {
        let loader = settings.loader()
        let settings = needs.contains(.baseURL) ? try loader.load(needing: .baseURL) : try loader.load()
        if !creates { try App.checkStore(of: settings) }
        var quiet = settings
        // At a terminal the command's own words are enough; the log adds only warnings and errors.
        quiet.logLevel = max(settings.logLevel, .warning)
        try quiet.bootstrapLogging()
        return try App.open(settings, logger: Logger(label: "byoc"))
    }
}
