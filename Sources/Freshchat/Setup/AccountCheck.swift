import RelayCore

/// Asks Freshchat whether an account's address and token are good, and says in words what is wrong with which.
struct AccountCheck {
    let client: FreshchatClient

    func run() async throws(SetupFailure) -> HelpdeskCheck {
        let base = try FreshchatBaseURL(parsing: client.account.baseURL)
        try checkToken()
        do {
            let account = try await client.accountConfiguration()
            return HelpdeskCheck(accountName: account.name, topics: try await client.topics())
        } catch {
            throw explain(error, base: base)
        }
    }

    private func checkToken() throws(SetupFailure) {
        let token = client.account.token.reveal().trimmingWhiteSpace()
        guard !token.isEmpty else {
            throw SetupFailure(
                side: "Freshchat", problem: "The API token is empty.", remedy: Self.tokenHelp,
                field: FreshchatFields.token.key)
        }
        // Anything else can't stand in a header: most often two lines were pasted, or a sentence around the token.
        guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw SetupFailure(
                side: "Freshchat", problem: "The API token has a space, a line end or a character that no token has.",
                remedy: Self.tokenHelp, field: FreshchatFields.token.key)
        }
    }

    private func explain(_ error: APIFailure, base: FreshchatBaseURL) -> SetupFailure {
        let detail = error.failure.detail
        switch error.status {
        case 401:
            return SetupFailure(
                side: "Freshchat",
                problem: "It doesn't take the API token \(client.account.token.masked) (\(detail)).",
                remedy: Self.tokenHelp
                    + " An account has one token at a time: making a new one ends the old one, for every integration.",
                field: FreshchatFields.token.key)
        case 402, 403:
            return SetupFailure(
                side: "Freshchat",
                problem: "The API token \(client.account.token.masked) has no right to read the account (\(detail)).",
                remedy: "Old tokens lack newer rights. " + Self.tokenHelp,
                field: FreshchatFields.token.key)
        case 429:
            return SetupFailure(
                side: "Freshchat", problem: "It asks us to slow down (\(detail)).",
                remedy: "Try again in a few minutes.")
        case .some(500...599), 408:
            return SetupFailure(
                side: "Freshchat", problem: "It has a problem of its own (\(detail)).",
                remedy: "Try again in a few minutes.")
        case .some:
            return SetupFailure(
                side: "Freshchat", problem: "There is no API at \(base) (\(detail)).", remedy: addressHelp(base),
                field: FreshchatFields.address.key)
        case nil where error.isUnreadable:
            return SetupFailure(
                side: "Freshchat", problem: "What answers at \(base) is not its API (\(detail)).",
                remedy: addressHelp(base),
                field: FreshchatFields.address.key)
        case nil:
            return SetupFailure(
                side: "Freshchat", problem: "\(base) can't be reached (\(detail)).",
                remedy: "Look whether the host name is right and this machine may open connections to it. "
                    + addressHelp(base), field: FreshchatFields.address.key)
        }
    }

    private func addressHelp(_ base: FreshchatBaseURL) -> String {
        if base.hasSamplePath {
            return "The path /api/v2 is wrong, it is /v2 alone. " + FreshchatBaseURL.forms
        }
        if !base.hasVersion {
            return "The base URL doesn't end in /v2. " + FreshchatBaseURL.forms
        }
        return "Look at the base URL. " + FreshchatBaseURL.forms
    }

    private static let tokenHelp =
        """
        Copy the whole token from Freshchat's Admin > Website Tracking and APIs > API Settings (older accounts: \
        Settings > API Tokens).
        """
}
