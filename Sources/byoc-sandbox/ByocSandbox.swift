import ArgumentParser

/// The playground: the far sides' doubles, and somebody to use them.
@main
struct ByocSandbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "byoc-sandbox",
        abstract: "Local doubles of Viber and Freshchat, and a conversation to play through them.",
        subcommands: [Serve.self, Play.self], defaultSubcommand: Serve.self)
}
