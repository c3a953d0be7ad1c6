/// When to look into a conversation again: a value in, a value out.
///
/// While nothing new comes, the waits double up to sixteen intervals. With the interval of five minutes the looks after the
/// last thing that happened come so:
///
/// | looks in vain | wait | after |
/// |---|---|---|
/// | 0 | 5 min | 5 min |
/// | 1 | 10 min | 15 min |
/// | 2 | 20 min | 35 min |
/// | 3 | 40 min | 1 h 15 min |
/// | 4 and more | 80 min | 2 h 35 min, and so on for a day |
///
/// A resolved conversation gets one look after what happened last, because an answer and the resolution behind it can be
/// lost one by one; then it rests.
package enum PollDecision: Hashable, Sendable {
    /// Again after this.
    case again(after: Duration, emptyPolls: Int)
    /// Not before something happens.
    case rest

    /// What a look came to.
    package enum Result: Hashable, Sendable {
        case news
        case nothing
        /// It could not be made, and another time it may be.
        case failed
        /// It can never be made: the conversation is gone, or refused.
        case impossible
    }

    package static func after(
        _ result: Result, emptyPolls: Int, isResolved: Bool, interval: Duration
    ) -> PollDecision {
        switch result {
        case .impossible: .rest
        case .news: .again(after: interval, emptyPolls: 0)
        case .nothing where isResolved: .rest
        // What Freshchat's own trouble hid is worth to be found soon after it.
        case .failed: .again(after: wait(emptyPolls: emptyPolls, interval), emptyPolls: emptyPolls)
        case .nothing:
            .again(after: wait(emptyPolls: emptyPolls + 1, interval), emptyPolls: emptyPolls + 1)
        }
    }

    static func wait(emptyPolls: Int, _ interval: Duration) -> Duration {
        interval * (1 << min(max(emptyPolls, 0), 4))
    }
}
