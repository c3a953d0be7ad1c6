import Foundation
import HTTPTypes
import Synchronization
import Testing

@testable import FastCGI

extension OverTheWire {
    @Suite struct DrainTests {
        @Test("Requests in flight are answered, their connections closed, and nothing more is accepted")
        func inHand() async throws {
            let gate = Gate()
            let handler: Handler = { _ in
                gate.pass()
                return .text("done")
            }
            try await withResponder(ResponderConfiguration(threads: 3), handler: handler) { bench in
                let client = try bench.client()
                client.send(Records.request(keep: true).bytes)
                await gate.waitFor(1)
                #expect(await bench.responder.drain(within: .milliseconds(20)) == false)
                let late = try bench.client()
                late.send(Records.request().bytes)
                gate.open()
                #expect(try client.receive().body == "done")
                #expect(client.isClosedByPeer())
                #expect(await bench.responder.drain(within: .seconds(10)))
                #expect(Peer.readiness(of: late.descriptor) == .silent)

                let successor = try bench.another(ResponderConfiguration(threads: 1)) { _ in .text("next") }
                #expect(try late.receive().body == "next")
                #expect(await successor.drain(within: .seconds(10)))
            }
        }

        @Test("A connection that was accepted gets its answer, even if its request comes after the drain began")
        func accepted() async throws {
            try await withResponder(ResponderConfiguration(threads: 2, greetingTimeout: .seconds(10))) { bench in
                let client = try bench.client()
                // Once a later connection is answered, this one has been accepted too.
                _ = try bench.client().exchange(.request())
                #expect(await bench.responder.drain(within: .milliseconds(20)) == false)
                #expect(try client.exchange(.request(keep: true)).body == "hello")
                #expect(client.isClosedByPeer())
                #expect(await bench.responder.drain(within: .seconds(10)))
            }
        }

        @Test("Threads that are idle, in wait for connections or for kept ones, leave at once")
        func idle() async throws {
            try await withResponder(ResponderConfiguration(threads: 16)) { bench in
                let clients = try (0..<4).map { _ in try bench.client() }
                for client in clients { #expect(try client.exchange(.request(keep: true)).isEnded) }
                #expect(await bench.responder.drain(within: .seconds(10)))
                for client in clients { #expect(client.isClosedByPeer()) }
            }
        }

        @Test("Draining works in a task that has been cancelled, twice, and without a start")
        func cancelled() async throws {
            try await withResponder { bench in
                let task = Task { await bench.responder.drain(within: .seconds(10)) }
                task.cancel()
                #expect(await task.value)
                #expect(await bench.responder.drain(within: .seconds(10)))
                #expect(throws: FastCGIResponder.StartError.startedBefore) { try bench.responder.start() }
                let unstarted = FastCGIResponder(listeningOn: bench.socket.descriptor, logger: bench.log.logger) { _ in
                    .text("")
                }
                #expect(await unstarted.drain(within: .zero))
            }
        }

        @Test("Starts and drains leave no descriptor behind")
        func descriptors() async throws {
            try await withResponder { bench in
                func once() async throws {
                    let responder = try bench.another(ResponderConfiguration(threads: 4)) { _ in .text("x") }
                    #expect(await responder.drain(within: .seconds(10)))
                }
                try await once()
                let before = try openDescriptors()
                for _ in 0..<20 { try await once() }
                // The last thread of the last one may still be on its way out.
                #expect(try openDescriptors() <= before + 2)
            }
        }

        @Test("One of two responders on a socket is drained and replaced, over and over, and no new connection fails")
        func handover() async throws {
            let configuration = ResponderConfiguration(threads: 3)
            try await withResponder(configuration) { bench in
                let isOver = Shared(false)
                let path = bench.path
                let results = try await withThrowingTaskGroup(of: (good: Int, bad: Int).self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            try await onThread {
                                var result = (good: 0, bad: 0)
                                while !isOver.now {
                                    let answer = try FastCGIClient(to: path).exchange(
                                        .request(body: [1, 2, 3], keep: true))
                                    if answer.status == 200, answer.isEnded {
                                        result.good += 1
                                    } else {
                                        result.bad += 1
                                    }
                                }
                                return result
                            }
                        }
                    }
                    for _ in 0..<25 {
                        let other = try bench.another(configuration) { _ in .text("other") }
                        #expect(await other.drain(within: .seconds(10)))
                    }
                    isOver.change { $0 = true }
                    return try await group.reduce(into: (good: 0, bad: 0)) {
                        $0.good += $1.good
                        $0.bad += $1.bad
                    }
                }
                #expect(results.good > 100)
                #expect(results.bad == 0)
            }
        }
    }
}
