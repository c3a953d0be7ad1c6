import FoundationEssentials
import RelayCore
import Testing

extension StoreScene {
    fileprivate func lock(
        _ claim: Claim, _ reference: Reference = Reference("viber:anna"), at seconds: Double = 0
    ) async throws -> Bool {
        clock.move(to: seconds)
        return try await store.lockUser(reference, for: claim, now: at(seconds))
    }

    /// Claims of the first messages of one customer to two installations: in the order of the installations.
    fileprivate func twoFirstMessages() async throws -> [Claim] {
        try accept(message("hi", key: "1"), to: installation)
        try accept(message("hi", key: "2"), to: "viber-2")
        let claims = try await claims()
        try #require(claims.count == 2)
        return claims.sorted { $0.delivery.id < $1.delivery.id }
    }
}

extension StoreConformance {
    static let userLockChecks: [Check] = [
        Check("Of two first messages at once, one creates the user; the other one may when it has ended") { scene in
            try await scene.add("viber-2")
            let claims = try await scene.twoFirstMessages()
            let answers = [
                try await scene.lock(claims[0]), try await scene.lock(claims[0]), try await scene.lock(claims[1]),
                try await scene.lock(claims[1], Reference("viber:bert")),
            ]
            #expect(answers == [true, true, false, true])
            try await scene.complete(claims[0])
            let isFree = try await scene.lock(claims[1])
            #expect(isFree)
        },
        Check("The lock ends with the lease, whether that is given back or runs out") { scene in
            try await scene.add("viber-2")
            let claims = try await scene.twoFirstMessages()
            _ = try await scene.lock(claims[0])
            try await scene.retry(claims[0], after: scene.refusal, until: 10)
            var isFree = try await scene.lock(claims[1])
            #expect(isFree)
            // Its own lease runs out now, and the other one's new lease takes the lock.
            let taken = try await scene.claims(by: "worker-b", at: 61)
            let first = try #require(taken.first { $0.delivery.id == claims[0].delivery.id })
            isFree = try await scene.lock(first, at: 61)
            #expect(isFree)
            await scene.expect(.leaseLost) { _ = try await scene.lock(claims[1], at: 61) }
        },
        Check("The next message of the same customer has no lock of the one before") { scene in
            try await scene.add("viber-2")
            try scene.accept(scene.message("hi"), scene.message("more"))
            try scene.accept(scene.message("hi", key: "2"), to: "viber-2")
            let claims = try await scene.claims().sorted { $0.delivery.id < $1.delivery.id }
            try #require(claims.count == 2)
            _ = try await scene.lock(claims[0])
            let next = try await scene.complete(claims[0])
            #expect(next?.delivery.text == "more")
            let isFree = try await scene.lock(claims[1])
            #expect(isFree)
        },
        Check("In another Freshchat account the same reference is another user") { scene in
            try await scene.store.save(scene.sample("viber-2"), now: scene.start)
            let claims = try await scene.twoFirstMessages()
            let answers = [try await scene.lock(claims[0]), try await scene.lock(claims[1])]
            #expect(answers == [true, true])
        },
    ]
}
