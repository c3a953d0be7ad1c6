import RelayCore

/// Checks an account's address and token with Freshchat, and explains which of them is wrong and why.
struct AccountCheck {
    let client: FreshchatClient

    func run() async throws(SetupFailure) -> HelpdeskCheck {
        let base = try FreshchatBaseURL(parsing: client.account.baseURL)
        try checkToken()
        do {
            let account = try await client.accountConfiguration()
            return HelpdeskCheck(
                accountName: account.name, identity: account.identity, topics: try await client.topics())
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
                side: "Freshchat",
                problem: "The API token contains a space, a line break or another invalid character.",
                remedy: Self.tokenHelp, field: FreshchatFields.token.key)
        }
    }

    private func explain(_ error: APIFailure, base: FreshchatBaseURL) -> SetupFailure {
        let detail = error.failure.detail
        switch error.status {
        case 401:
            return SetupFailure(
                side: "Freshchat",
                problem: "The API token \(client.account.token.masked) was rejected (\(detail)).",
                remedy: Self.tokenHelp
                    + " Each account has one API token. Generating a new one disconnects every integration that uses the old one.",
                field: FreshchatFields.token.key)
        case 402, 403:
            return SetupFailure(
                side: "Freshchat",
                problem: "The API token \(client.account.token.masked) may not read the account (\(detail)).",
                remedy: "Older tokens lack newer permissions. " + Self.tokenHelp,
                field: FreshchatFields.token.key)
        case 429:
            return SetupFailure(
                side: "Freshchat", problem: "The rate limit is reached (\(detail)).",
                remedy: "Try again in a few minutes.")
        case .some(500...599), 408:
            return SetupFailure(
                side: "Freshchat", problem: "Server error (\(detail)).",
                remedy: "Try again in a few minutes.")
        case .some:
            return SetupFailure(
                side: "Freshchat", problem: "No API found at \(base) (\(detail)).", remedy: addressHelp(base),
                field: FreshchatFields.address.key)
        case nil where error.isUnreadable:
            return SetupFailure(
                side: "Freshchat", problem: "The response from \(base) isn't from Freshchat's API (\(detail)).",
                remedy: addressHelp(base),
                field: FreshchatFields.address.key)
        case nil:
            return SetupFailure(
                side: "Freshchat", problem: "\(base) can't be reached (\(detail)).",
                remedy: "Check the host name, and that this machine may connect to it. "
                    + addressHelp(base), field: FreshchatFields.address.key)
        }
    }

    private func addressHelp(_ base: FreshchatBaseURL) -> String {
        if base.hasSamplePath {
            return "The path must be /v2, not /api/v2. " + FreshchatBaseURL.forms
        }
        if !base.hasVersion {
            return "The API address must end in /v2. " + FreshchatBaseURL.forms
        }
        return "Check the API address. " + FreshchatBaseURL.forms
    }

    private static let tokenHelp =
        """
        Copy the whole token from Freshchat's Admin > Website Tracking and APIs > API Settings (older accounts: \
        Settings > API Tokens).
        """
}
