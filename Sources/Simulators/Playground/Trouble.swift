/// The mishaps that the playground's switches make.
package struct Trouble: AdjustableSettings, Equatable {
    /// Freshchat answers every call with 429 and asks for two seconds.
    package var freshchatIsBusy = false
    /// Viber answers every call with 503, or cuts the connection.
    package var viberIsDown = false
    /// Both sides send every webhook twice.
    package var repeatsWebhooks = false

    package init() {}

    /// Makes the doubles behave so. Faults of other origin are cleared.
    func apply(to viber: ViberSimulator, _ freshchat: FreshchatSimulator) {
        viber.clearFaults()
        freshchat.clearFaults()
        if freshchatIsBusy { freshchat.inject(.status(429, count: 0, retryAfterSeconds: 2)) }
        if viberIsDown {
            var cut = Fault.reset(.before, count: 0)
            cut.probability = 0.5
            viber.inject(cut)
            viber.inject(.status(503, count: 0))
        }
        viber.knobs.callbacks.duplicateProbability = repeatsWebhooks ? 1 : 0
        freshchat.knobs.webhooks.duplicateProbability = repeatsWebhooks ? 1 : 0
    }
}
