import FoundationEssentials
import RelayCore
import Testing

@Suite("Silent webhooks")
struct WebhookSilenceTests {
    private let now = Date(timeIntervalSince1970: 1_790_000_000)
    private let id: InstallationID = "one"

    private func minutes(_ count: Double) -> Date { now.addingTimeInterval(-60 * count) }

    private func silence(
        hasKey: Bool = true, failures: Int64 = 0, _ change: (inout HelpdeskSigns) -> Void
    ) -> WebhookSilence.Cause? {
        var metrics = StoreMetrics()
        change(&metrics.helpdesk[id, default: .init()])
        metrics.signatures[Flow(id, .outbound), default: .init()].ascii = failures
        let state = StoreMetrics.InstallationState(id: id, pausedReason: nil, hasWebhookKey: hasKey)
        return WebhookSilenceRule().silence(of: state, in: metrics, now: now)?.cause
    }

    @Test(
        "Three posts, the first of them ten minutes ago, without any echo are silence",
        arguments: [(3, 10, true), (2, 10, false), (3, 9.9, false), (0, 0, false)] as [(Int, Double, Bool)])
    func unechoed(posts: Int, minutes ago: Double, isSilent: Bool) {
        let cause = silence {
            $0.postsUnheard = posts
            $0.firstPostUnheard = posts > 0 ? minutes(ago) : nil
        }
        #expect(cause == (isSilent ? .neverHeard : nil))
    }

    @Test("A reply that only the poll found is silence, unless its webhook comes within a minute")
    func found() {
        #expect(silence { $0.lastFound = minutes(1) } == .neverHeard)
        #expect(silence { $0.lastFound = minutes(0.9) } == nil)
        #expect(
            silence {
                $0.lastFound = minutes(5)
                $0.lastHeard = minutes(4)
            } == nil)
        #expect(
            silence {
                $0.lastFound = minutes(4)
                $0.lastHeard = minutes(5)
            } == .stopped)
    }

    @Test("The rule says what shows the silence, so that nobody has to judge it again")
    func signs() {
        func sign(_ change: (inout HelpdeskSigns) -> Void) -> WebhookSilence.Sign? {
            var metrics = StoreMetrics()
            change(&metrics.helpdesk[id, default: .init()])
            let state = StoreMetrics.InstallationState(id: id, pausedReason: nil)
            return WebhookSilenceRule().silence(of: state, in: metrics, now: now)?.sign
        }
        let first = minutes(11)
        #expect(
            sign {
                $0.postsUnheard = 3
                $0.firstPostUnheard = first
                $0.lastFound = minutes(5)
            } == .unechoed(posts: 3, since: first))
        #expect(
            sign {
                $0.postsUnheard = 2
                $0.firstPostUnheard = first
                $0.lastFound = minutes(5)
            } == .polled)
    }

    @Test("Without a key, or with wrong signatures, that is what is wrong")
    func causes() {
        #expect(silence(hasKey: false, failures: 2) { $0.lastFound = minutes(5) } == .noKey)
        #expect(silence(failures: 2) { $0.lastFound = minutes(5) } == .wrongSignature)
        #expect(silence(hasKey: false) { $0.lastHeard = minutes(5) } == nil)
    }
}
