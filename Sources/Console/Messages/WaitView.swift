import FoundationEssentials
import RelayCore

/// A link with its words.
struct LinkView: Sendable {
    var label: String
    var href: String
}

/// The reason for waiting, as `{{> wait}}` draws it: words around a link and a time.
struct WaitView: Sendable {
    var before: String
    /// One or none; so ``time``.
    var link: [LinkView]
    var time: [TimeView]
    var after: String

    /// - Parameters:
    ///   - installation: the message's.
    ///   - channel: its channel's name.
    init(_ reason: WaitReason, of installation: InstallationID, channel: String, _ context: PageContext) {
        let words = context.texts.waiting.words(
            reason, party: { $0 == .channel ? channel : "Freshchat" }, number: context.texts.message.number)
        before = words.before
        after = words.after
        link = []
        time = []
        switch reason {
        case .underWay, .due, .noWorker, .breakerOpen(_, nil): break
        case .behind(let id): link = [LinkView(label: words.link, href: context.settings.link("/messages/\(id)"))]
        case .paused:
            link = [LinkView(label: words.link, href: context.settings.link("/installations/\(installation)"))]
        case .gateClosed(_, let until): time = [TimeView(until)]
        case .breakerOpen(_, let next?): time = [TimeView(next)]
        case .retry(let at, _): time = [TimeView(at)]
        }
    }
}
