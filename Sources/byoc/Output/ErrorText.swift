import FastCGI
import RelayCore

/// The text that a command's failure is shown as.
enum ErrorText {
    /// - Returns: `nil` for an error that isn't one of ours, such as the command line parser's.
    static func text(of error: any Error) -> String? {
        switch error {
        case let failure as CommandFailure: "\(failure)"
        case let mistakes as SettingsMistakes: "\(mistakes)"
        // The remedy may be a list of lines; the problem quotes the service's answer.
        case let failure as SetupFailure:
            (failure.side == "byoc" ? failure.problem : "\(failure.side): \(failure.problem)").printableOnOneLine
                + "\n\(failure.remedy)"
        case is StoreFailure, is ListeningSocket.Failure: "\(error)".printableOnOneLine
        default: nil
        }
    }

    static func exitCode(of error: any Error) -> Int32 {
        switch error {
        case is SettingsMistakes: CommandFailure.configuration
        case let failure as CommandFailure: failure.exitCode
        default: CommandFailure.failed
        }
    }
}
