import ArgumentParser

/// The playground: the far sides' doubles, and somebody to use them.
@main
struct ByocSandbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "byoc-sandbox",
        abstract: "Local doubles of Viber and Freshchat, a conversation to play through them, and a torture.",
        subcommands: [Serve.self, Play.self, Torture.self], defaultSubcommand: Serve.self)
}
