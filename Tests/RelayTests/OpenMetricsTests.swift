import FoundationEssentials
import RelayCore
import Testing

@testable import Relay

@Suite("OpenMetrics")
struct OpenMetricsTests {
    private let now = Date(timeIntervalSince1970: 1_790_000_000)

    @Test("Each family has its type, unit and help, and the text its end")
    func text() {
        let text = OpenMetrics.text(of: [
            .init(
                "byoc_x", .counter, help: "So \\ many.",
                samples: [.init("_total", [.init("a", "1"), .init("b", "2")], "7")]),
            .init("byoc_y_seconds", .gauge, unit: "seconds", help: "Long.", samples: [.init("", [], "0.5")]),
            .init("byoc_nothing", .gauge, help: "Never told."),
        ])
        #expect(
            text == """
                # TYPE byoc_x counter
                # HELP byoc_x So \\\\ many.
                byoc_x_total{a="1",b="2"} 7
                # TYPE byoc_y_seconds gauge
                # UNIT byoc_y_seconds seconds
                # HELP byoc_y_seconds Long.
                byoc_y_seconds 0.5
                # EOF

                """)
    }

    @Test("A label's value can't end its line or its quotes")
    func escaping() {
        let sample = OpenMetrics.Sample("", [.init("a", "x\"y\\z\nend")], "1")
        let text = OpenMetrics.text(of: [.init("byoc_x", .gauge, help: "X.", samples: [sample])])
        #expect(text.contains(#"byoc_x{a="x\"y\\z\nend"} 1"# + "\n"))
    }

    @Test(
        "Numbers are exact",
        arguments: [
            (0, "0.0"), (1, "0.000001"), (500, "0.0005"), (2_500_000, "2.5"), (86_400_000_000, "86400.0"),
            (-500_000, "-0.5"), (-1_500_000, "-1.5"), (9_007_199_254_740_993, "9007199254.740993"),
        ] as [(Int64, String)])
    func numbers(millionths: Int64, text: String) {
        #expect(OpenMetrics.decimal(millionths: millionths) == text)
    }

    @Test("An installation that nothing has happened to yet is told with zeros")
    func zeros() {
        var metrics = StoreMetrics()
        metrics.installations = [.init(id: "viber-1", pausedReason: nil)]
        let text = OpenMetrics.text(of: MetricsPage.families(metrics, now: now))
        for line in [
            #"byoc_deliveries_accepted_total{installation="viber-1",direction="inbound"} 0"#,
            #"byoc_outbox_oldest_waiting_seconds{installation="viber-1",direction="outbound"} 0.0"#,
            #"byoc_installation_paused{installation="viber-1"} 0"#,
        ] {
            #expect(text.contains("\n" + line + "\n"), "\(line)")
        }
    }

    @Test("The buckets of a histogram hold what is in those before them")
    func histogram() {
        var metrics = StoreMetrics()
        let flow = Flow("viber-1", .inbound)
        var histogram = Histogram(.acknowledgement)
        for time: Int64 in [400, 500, 501, 7_000_000, -3] { histogram.record(microseconds: time) }
        metrics.histograms[.acknowledgement] = [flow: histogram]
        let text = OpenMetrics.text(of: MetricsPage.families(metrics, now: now))
        let labels = #"installation="viber-1",direction="inbound""#
        for line in [
            "# UNIT byoc_acknowledgement_latency_seconds seconds",
            "byoc_acknowledgement_latency_seconds_bucket{\(labels),le=\"0.0005\"} 3",
            "byoc_acknowledgement_latency_seconds_bucket{\(labels),le=\"0.001\"} 4",
            "byoc_acknowledgement_latency_seconds_bucket{\(labels),le=\"5.0\"} 4",
            "byoc_acknowledgement_latency_seconds_bucket{\(labels),le=\"+Inf\"} 5",
            "byoc_acknowledgement_latency_seconds_count{\(labels)} 5",
            "byoc_acknowledgement_latency_seconds_sum{\(labels)} 7.001401",
        ] {
            #expect(text.contains("\n" + line + "\n"), "\(line)")
        }
    }

    @Test("Why something is wrong is not told to who scrapes")
    func discretion() {
        var metrics = StoreMetrics()
        metrics.installations = [.init(id: "viber-1", pausedReason: "said Freshchat")]
        metrics.alarms = [
            RaisedAlarm(Alarm(.installationPaused, of: "viber-1"), reason: "said Freshchat", since: now)
        ]
        let text = OpenMetrics.text(of: MetricsPage.families(metrics, now: now))
        #expect(text.contains(#"byoc_alarm{alarm="installation.paused",installation="viber-1",subject=""} 1"#))
        #expect(text.contains(#"byoc_installation_paused{installation="viber-1"} 1"#))
        #expect(!text.contains("Freshchat"))
    }
}
