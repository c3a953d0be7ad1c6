import RelayCore

/// The list of messages.
struct MessagesTexts: Sendable {
    let title = "Messages"
    let lead = "All messages, newest first."
    let filter = "Find messages"
    let text = "Text"
    let contact = "Customer"
    let state = "Status"
    let directionLabel = "Direction"
    let installation = "Installation"
    let channel = "Channel"
    let any = "Any"
    let both = "Both"
    let all = "All"
    let search = "Search"
    let clear = "Clear filters"
    let pages = "Pages of the list"
    let newest = "Newest"
    let newer = "Newer"
    let older = "Older"
    let searchOlder = "Search older"
    let received = "Received"
    let message = "Message"
    let connect = "Connect a channel"
    let toInstallations = "View installations"
    let unconnectedTitle = "No channel connected"
    let unconnectedLead = "Connect a channel to see its customers' messages here."
    let noneTitle = "No messages yet"
    let noneLead = """
        Write to your channel account from a phone, or send a test message from an installation's page. It appears here \
        within seconds.
        """
    let nothingFoundTitle = "No matching messages"
    let nothingFoundLead = """
        Search by customer ID, part of a name, or any text. Messages past the retention period are gone.
        """
    let endTitle = "No more messages"
    let endLead = "This is the end of the list."

    func direction(_ direction: Direction) -> String {
        direction == .inbound ? "From customers" : "To customers"
    }

    func removed(_ name: String) -> String { "\(name) (removed)" }

    func scannedCount(_ count: Int, isNewest: Bool) -> String {
        "Searched \(isNewest ? "the latest " : "")\(counted(Int64(count), "message"))."
    }

    func moreContacts(_ count: Int) -> String {
        "More than \(count) customers have this name. Enter more of the name, or the customer ID."
    }
}
