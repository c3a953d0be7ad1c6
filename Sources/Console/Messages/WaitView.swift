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
    ///   - page: the installation whose page tells of the pause; `nil` if there is none.
    ///   - channel: its channel's name.
    init(_ reason: WaitReason, on page: InstallationID?, channel: String, _ context: PageContext) {
        let words = reason.words { $0 == .channel ? channel : "Freshchat" }
        before = words.before
        after = words.after
        link = []
        time = []
        switch words.subject {
        case .delivery(let id):
            link = [LinkView(label: context.texts.message.number(id), href: context.settings.link("/messages/\(id)"))]
        case .pause:
            guard let page else { break }
            link = [
                LinkView(
                    label: context.texts.waiting.viewInstallation,
                    href: context.settings.link("/installations/\(page)"))
            ]
        case .time(let date): time = [TimeView(date)]
        case nil: break
        }
    }
}
