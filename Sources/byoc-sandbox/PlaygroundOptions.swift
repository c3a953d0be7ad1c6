import ArgumentParser
import Glibc
import Simulators

/// How `serve` shows the playground.
struct PlaygroundOptions: ParsableArguments {
    @Flag(
        name: .customLong("playground"),
        help: "Show a page with a phone, the bridge and an agent's desk on the control port.")
    var isShown = false

    @Flag(inversion: .prefixedNo, help: "The page has switches that make trouble.")
    var trouble = true

    @Option(help: "The process whose children are the bridge's workers, for the switch that kills one.")
    var supervisor: Int32?

    @Option(help: "A named pipe into which `byoc tail --json --text` writes.")
    var steps: String?

    @Option(help: "The bridge's public address, for the link to its settings pages.")
    var bridge = ""

    /// Not an option: other users of the machine see a process's arguments.
    private var adminPassword: String { getenv("BYOC_ADMIN_PASSWORD").map { String(cString: $0) } ?? "" }

    func validate() throws {
        if let supervisor, supervisor <= 1 { throw ValidationError("\(supervisor) can't be watched.") }
    }

    /// Puts in the page, a second bot that anybody can connect, and phones on which one can watch the ticks.
    func prepare(_ configuration: inout SandboxConfiguration) {
        guard isShown else { return }
        var page = PlaygroundConfiguration()
        page.hasTrouble = trouble
        page.supervisor = supervisor
        page.bridgeURL = bridge
        page.adminPassword = adminPassword
        configuration.playground = page
        configuration.bots[0].name = "Sunny Parcels"
        configuration.bots.append(
            ViberBot(
                token: "5b3c9d1e7f204a68-22bb33cc44dd55ee-88ff99aa00bb1166", name: "Second bot",
                id: "pa:75346594275468546725", uri: "second"))
        configuration.viberKnobs.deliveredAfterMilliseconds = 250
        configuration.viberKnobs.seenAfterMilliseconds = 1200
    }

    /// Customers to begin with.
    func addPeople(to server: SandboxServer) {
        guard isShown else { return }
        for name in ["Olena Kovalenko", "Marco Rossi", "Aïcha Diallo"] { server.viber.addCustomer(name: name) }
        server.viber.addCustomer(name: "Jonas Berg", bot: 1)
    }
}
