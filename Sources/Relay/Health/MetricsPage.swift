package import FoundationEssentials
package import RelayCore

/// The store's figures under the names that they are scraped by. Installations are told by their ids and nothing else:
/// no name, no address, no customer.
package enum MetricsPage {
    package static func families(_ metrics: StoreMetrics, now: Date) -> [OpenMetrics.Family] {
        let present = metrics.installations.flatMap { installation in
            Direction.allCases.map { Flow(installation.id, $0) }
        }
        let flows = Set(present).union(metrics.counters.keys).union(metrics.outbox.keys).sorted()
        return counters(metrics, flows) + outbox(metrics, flows, now: now) + histograms(metrics)
            + general(metrics)
    }

    // MARK: Counters

    private static func counters(_ metrics: StoreMetrics, _ flows: [Flow]) -> [OpenMetrics.Family] {
        Counter.allCases.map { counter in
            let (name, help) = description(of: counter)
            return OpenMetrics.Family(
                "byoc_\(name)", .counter, help: help,
                samples: flows.map { flow in
                    .init("_total", labels(flow), String(metrics.counters[flow]?[counter] ?? 0))
                })
        }
    }

    private static func description(of counter: Counter) -> (name: String, help: String) {
        switch counter {
        case .accepted: ("deliveries_accepted", "Deliveries put into the outbox, notes for agents among them.")
        case .notesAccepted: ("notes_accepted", "Private notes put into the outbox.")
        case .repeated: ("events_repeated", "Events of webhooks that were known already.")
        case .delivered: ("deliveries_delivered", "Deliveries made.")
        case .notesDelivered: ("notes_delivered", "Private notes made.")
        case .retried: ("attempts_retried", "Attempts that failed and are retried.")
        case .dead: ("deliveries_dead", "Deliveries that failed for good.")
        case .notesDead: ("notes_dead", "Private notes that failed for good.")
        case .inDoubt: ("attempts_in_doubt", "Attempts that may or may not have been applied.")
        case .resent: ("pieces_resent", "Pieces in doubt that were sent again: the customer may have them twice.")
        case .held: ("deliveries_held", "Deliveries left to a person.")
        case .discarded: ("deliveries_discarded", "Deliveries discarded by an operator or for an unknown conversation.")
        case .late: ("deliveries_late", "Deliveries made after later ones of their key.")
        case .polled: ("messages_polled", "Messages that no webhook brought.")
        case .profiles: ("profiles_written", "Updates of customers' profiles at the helpdesk.")
        case .signatureFailures: ("signature_failures", "Webhooks whose signature was missing or wrong.")
        case .withheld: ("messages_withheld", "Messages that weren't sent because their kind isn't known.")
        case .foreign: ("events_foreign", "Events about the topic that another account's webhook brought; refused.")
        }
    }

    // MARK: The outbox

    private static func outbox(_ metrics: StoreMetrics, _ flows: [Flow], now: Date) -> [OpenMetrics.Family] {
        func gauge(
            _ name: String, _ help: String, unit: String? = nil, _ value: (StoreMetrics.Outbox) -> String
        ) -> OpenMetrics.Family {
            OpenMetrics.Family(
                "byoc_outbox_\(name)", .gauge, unit: unit, help: help,
                samples: flows.map { .init("", labels($0), value(metrics.outbox[$0] ?? .init())) })
        }
        return [
            gauge("waiting", "Deliveries that wait.") { String($0.waiting) },
            gauge("in_doubt", "Deliveries that wait with an attempt in doubt.") { String($0.inDoubt) },
            gauge("held", "Deliveries that wait for an operator.") { String($0.held) },
            gauge("dead", "Dead letters.") { String($0.dead) },
            gauge("oldest_waiting_seconds", "How long the oldest that waits has waited.", unit: "seconds") { outbox in
                // A damaged row may say any time.
                let age = outbox.oldestWaiting.map { min(max(0, now.timeIntervalSince($0)), 1e12) } ?? 0
                return OpenMetrics.decimal(millionths: Int64(clamping: (age * 1000).rounded()) * 1000)
            },
        ]
    }

    // MARK: Histograms

    private static func histograms(_ metrics: StoreMetrics) -> [OpenMetrics.Family] {
        Histogram.Kind.allCases.map { kind in
            let (name, help) =
                switch kind {
                case .delivery: ("delivery_latency_seconds", "From the acceptance of a delivery to its end.")
                case .acknowledgement: ("acknowledgement_latency_seconds", "From a webhook's coming to its answer.")
                }
            let rows = (metrics.histograms[kind] ?? [:]).sorted { $0.key < $1.key }
            return OpenMetrics.Family(
                "byoc_\(name)", .histogram, unit: "seconds", help: help,
                samples: rows.flatMap { samples($1, labels($0)) })
        }
    }

    private static func samples(_ histogram: Histogram, _ labels: [OpenMetrics.Label]) -> [OpenMetrics.Sample] {
        var below: Int64 = 0
        var samples: [OpenMetrics.Sample] = []
        for (bound, count) in histogram.counts {
            below += count
            let text = bound == .max ? "+Inf" : OpenMetrics.decimal(millionths: bound)
            samples.append(.init("_bucket", labels + [.init("le", text)], String(below)))
        }
        samples.append(.init("_count", labels, String(below)))
        samples.append(.init("_sum", labels, OpenMetrics.decimal(millionths: histogram.sum)))
        return samples
    }

    // MARK: The rest

    private static func general(_ metrics: StoreMetrics) -> [OpenMetrics.Family] {
        [
            OpenMetrics.Family(
                "byoc_installation_paused", .gauge, help: "1 for an installation that is paused.",
                samples: metrics.installations.map {
                    .init("", [.init("installation", $0.id.rawValue)], $0.pausedReason == nil ? "0" : "1")
                }),
            OpenMetrics.Family(
                "byoc_alarm", .gauge, help: "1 for an alarm that is raised.",
                samples: metrics.alarms.map { raised in
                    .init(
                        "",
                        [
                            .init("alarm", raised.alarm.name.rawValue),
                            .init("installation", raised.alarm.installation?.rawValue ?? ""),
                            .init("subject", raised.alarm.subject),
                        ], "1")
                }),
            OpenMetrics.Family(
                "byoc_store_bytes", .gauge, unit: "bytes", help: "What the data store takes.",
                samples: [
                    .init("", [.init("file", "database")], String(metrics.size.database)),
                    .init("", [.init("file", "log")], String(metrics.size.log)),
                ]),
            OpenMetrics.Family(
                "byoc_disk_free_bytes", .gauge, unit: "bytes", help: "What is free on the disk of the data store.",
                samples: metrics.size.free.map { [.init("", [], String($0))] } ?? []),
        ]
    }

    private static func labels(_ flow: Flow) -> [OpenMetrics.Label] {
        [.init("installation", flow.installation.rawValue), .init("direction", flow.direction.rawValue)]
    }
}
