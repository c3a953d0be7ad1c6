import FoundationEssentials
import RelayCore
import Testing

extension StoreConformance {
    static let installationChecks: [Check] = [
        Check("An installation comes back as it was saved, and is found by each of its URLs") { scene in
            let saved = scene.sample(scene.installation)
            #expect(try await scene.store.installations() == [saved])
            #expect(try await scene.store.installation(saved.id) == saved)
            #expect(try await scene.store.installation("nobody") == nil)
            let directory = try scene.store.directory()
            #expect(directory.all == [saved])
            let now = scene.start
            #expect(directory.channelAccount(targetToken: "target-viber-1", now: now) == saved.channel)
            #expect(directory.helpdeskAccount(helpdeskToken: "helpdesk-viber-1", now: now) == saved.helpdesk)
            #expect(directory.helpdeskAccount(eventSecret: "event-viber-1", now: now) == saved.helpdesk)
            #expect(directory.channelAccount(targetToken: "target-viber-2", now: now) == nil)
        },
        Check("Saving again replaces, and the order stays that of making") { scene in
            try await scene.store.save(scene.sample("viber-2"), now: scene.start)
            var changed = scene.sample(scene.installation)
            changed.name = "The other shop"
            changed.channel.endpoints = [Endpoint(.target, token: Secret("new target"))]
            changed.ownState = .paused(reason: "new", since: scene.at(1), by: .credential)
            try await scene.store.save(changed, now: scene.at(1))
            #expect(try await scene.store.installations() == [changed, scene.sample("viber-2")])
            let directory = try scene.store.directory()
            #expect(directory.channelAccount(targetToken: "target-viber-1", now: scene.start) == nil)
            #expect(directory.channelAccount(targetToken: "new target", now: scene.start) == changed.channel)
        },
        Check("A change of an installation, or of its account, that was read before another change is refused") {
            scene in
            try await scene.store.save(scene.sample("viber-2"), now: scene.start)
            let store = scene.store
            let changes: [() async throws -> Void] = [
                { try await store.move(scene.installation, to: MoveTarget(topic: "topic-3"), now: scene.at(1)) },
                { try await store.pause(scene.installation, by: .person, reason: "holiday", now: scene.at(1)) },
                { try await scene.refuse(.helpdesk, at: 1) },
                { try await store.drain(scene.installation, now: scene.at(1)) },
                { try await store.remove(scene.installation, keepingHistory: true, now: scene.at(1)) },
            ]
            for change in changes {
                let before = try scene.present()
                var renamed = before
                renamed.name = "Renamed"
                try await change()
                let after = try store.directory()[scene.installation]
                await scene.expect(.conflict) {
                    try await store.save(renamed, replacing: before, now: scene.at(2))
                }
                #expect(try store.directory()[scene.installation] == after)
            }
            var other = try scene.present("viber-2")
            other.name = "Renamed"
            #expect(
                try await store.save(other, replacing: scene.present("viber-2"), now: scene.at(3)).name == "Renamed")
        },
        Check("A person's pause is told from one after a refused credential, and only a person changes its reason") {
            scene in
            let id = scene.installation
            try await scene.store.pause(id, by: .person, reason: "holidays", now: scene.at(1))
            try await scene.store.pause(id, by: .person, reason: "audit", now: scene.at(2))
            let paused = Installation.State.paused(reason: "audit", since: scene.at(1), by: .person)
            #expect(try scene.store.directory()[id]?.state == paused)
            try await scene.store.pause(id, by: .credential, reason: "401", now: scene.at(3))
            #expect(try await scene.store.installation(id)?.state == paused)
            try await scene.store.resume(id, now: scene.at(4))
            try await scene.store.pause(id, by: .credential, reason: "401", now: scene.at(5))
            try await scene.store.pause(id, by: .person, reason: "holidays", now: scene.at(6))
            #expect(
                try scene.store.directory()[id]?.state == .paused(reason: "401", since: scene.at(5), by: .credential))
        },
        Check("A pause keeps its first reason, and ends with resuming") { scene in
            let id = scene.installation
            try await scene.store.pause(id, by: .credential, reason: "first", now: scene.at(1))
            try await scene.store.pause(id, by: .credential, reason: "second", now: scene.at(2))
            #expect(
                try scene.store.directory()[id]?.state == .paused(reason: "first", since: scene.at(1), by: .credential))
            try await scene.store.resume(id, now: scene.at(3))
            #expect(try scene.store.directory()[id]?.state == .active)
            #expect(try await scene.store.installation(id)?.state == .active)
            try await scene.store.resume(id, now: scene.at(4))
            await scene.expect(.notFound) {
                try await scene.store.pause("nobody", by: .credential, reason: "", now: scene.start)
            }
            await scene.expect(.notFound) { try await scene.store.resume("nobody", now: scene.start) }
            await scene.expect(.notFound) {
                try await scene.store.remove("nobody", keepingHistory: true, now: scene.start)
            }
        },
        Check("A removed installation is gone; what waited is discarded, what was made stays readable") { scene in
            let anna = try await scene.acquaint()
            let waiting = try scene.accept(scene.message("one"), scene.message("two", from: "bert")).deliveries
            let claim = try #require(try await scene.claims(limit: 1).first)
            try await scene.store.remove(scene.installation, keepingHistory: true, now: scene.at(1))
            #expect(try await scene.store.installations().isEmpty)
            let directory = try scene.store.directory()
            #expect(directory.all.isEmpty && directory.channelAccounts.isEmpty && directory.helpdeskAccounts.isEmpty)
            for id in waiting { #expect(try await scene.delivery(id).state == .discarded) }
            #expect(try await scene.texts([.delivered]) == ["hello of anna"])
            #expect(try await scene.store.contact(anna)?.user == "user of anna")
            await scene.expect(.leaseLost) { try await scene.complete(claim, at: 2) }
            #expect(try await scene.claims(at: 100).isEmpty)
            #expect(try await scene.store.nextDue(now: scene.at(100)) == nil)
            await scene.expect(.conflict) {
                try await scene.store.redrive(waiting[0], from: .command, now: scene.at(2))
            }
        },
        Check("Removed with its history, an installation leaves nothing, and others keep theirs") { scene in
            try await scene.store.save(scene.sample("viber-2"), now: scene.start)
            let anna = try await scene.acquaint()
            try scene.accept(scene.message("one"), scene.receipt(.sent, of: "x"))
            try scene.accept(scene.message("other"), to: "viber-2")
            try await scene.store.remove(scene.installation, keepingHistory: false, now: scene.at(1))
            #expect(try await scene.texts([]) == ["other"])
            #expect(try await scene.store.contact(anna) == nil)
            #expect(try await scene.claim(at: 1).delivery.text == "other")
            try await scene.store.remove(scene.installation, keepingHistory: false, now: scene.at(2))
        },
        Check("A removed installation is remembered by name for as long as any of its messages is kept") { scene in
            try await scene.store.save(scene.sample("viber-2"), now: scene.start)
            try scene.accept(scene.message("one"))
            try scene.accept(scene.message("other"), to: "viber-2")
            #expect(try await scene.store.removedInstallations().isEmpty)
            try await scene.store.remove(scene.installation, keepingHistory: true, now: scene.at(1))
            try await scene.store.remove("viber-2", keepingHistory: false, now: scene.at(1))
            #expect(
                try await scene.store.removedInstallations()
                    == [RemovedInstallation(id: scene.installation, name: "The shop", channel: "viber")])
        },
        Check("An installation that was removed can be made again under its id") { scene in
            try scene.accept(scene.message("one"))
            try await scene.store.remove(scene.installation, keepingHistory: false, now: scene.at(1))
            try await scene.install()
            #expect(try await scene.store.installations() == [scene.sample(scene.installation)])
            #expect(try scene.accept(scene.message("one")).accepted == 1)
        },
    ]
}
