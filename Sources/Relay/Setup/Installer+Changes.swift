import FoundationEssentials
package import RelayCore

extension Installer {
    /// Connects an installation to another topic, account or address. What waits stays, and its conversations stay its own.
    ///
    /// - Parameter channel: its adapter, which is asked whether the new address is there; `nil`: this version has none.
    /// - Returns: the installation as it is stored then.
    package func move(
        _ installation: Installation, on channel: (any Channel)? = nil, to request: MoveRequest
    ) async throws -> Installation {
        let directory = try await store.currentDirectory()
        guard let present = directory[installation.id] else { throw gone(installation.id) }
        try requireOwn(request.fields, of: present, in: directory)
        var target = MoveTarget(helpdesk: request.helpdesk, channel: request.channel, address: request.address)
        var desk = present.helpdesk
        if let id = request.helpdesk, id != desk.id {
            guard let other = directory[id] else {
                throw unknown(id.rawValue, directory.helpdeskAccounts.map(\.id.rawValue))
            }
            guard request.topic != nil else {
                throw SetupFailure(
                    side: "byoc", problem: "\(id) is another account, with topics of its own.",
                    remedy: "Say which topic of it the installation is to be connected to.")
            }
            desk = other
        }
        if let topic = request.topic {
            let found = try self.topic(topic, in: try await helpdesk.check(desk, over: http))
            target.topic = found.id
            target.topicName = found.name
        }
        if request.channel != nil || request.address != nil {
            try await requireFree(&target, for: present, on: channel, directory)
        }
        do throws(StoreFailure) {
            try await store.move(present.id, to: target, now: now())
        } catch {
            guard error.kind == .conflict else { throw error }
            throw SetupFailure(
                side: "byoc", problem: "\(present.id) can't be moved there: \(error.message)",
                remedy: "Choose another address, or remove the installation that has it.")
        }
        return try await store.installation(present.id) ?? present
    }

    private func requireFree(
        _ target: inout MoveTarget, for installation: Installation, on channel: (any Channel)?,
        _ directory: InstallationDirectory
    ) async throws {
        let id = target.channel ?? installation.channel.id
        guard let account = directory[id], account.kind == installation.channel.kind else {
            let ids = directory.channelAccounts.filter { $0.kind == installation.channel.kind }.map(\.id.rawValue)
            throw unknown(id.rawValue, ids)
        }
        let address = target.address ?? installation.address
        if let holder = holder(of: address, in: account, directory), holder.id != installation.id {
            throw SetupFailure(
                side: "byoc", problem: "The address is installed as \(holder.id) already.",
                remedy: "Choose another address, or remove that installation first: byoc uninstall \(holder.id)")
        }
        guard let channel else { return }
        let offers = try await channel.check(account, over: http).addresses
        guard offers.contains(where: { $0.address == address }) else {
            let list = offers.map { "  \($0.address)" + ($0.name.map { "  \($0)" } ?? "") }
            throw SetupFailure(
                side: channel.descriptor.name, problem: "the account has no address “\(address)”",
                remedy: list == ["  "]
                    ? "It has one address, without a name." : "It has these:\n" + list.joined(separator: "\n"))
        }
    }

    /// - Returns: the installation as it is stored then.
    package func rename(_ installation: Installation, to name: String) async throws -> Installation {
        try await change(installation.id) { present, directory in
            try requireOwn([.name], of: present, in: directory)
            present.name = try Self.usable(name)
        }
    }

    /// Changes an installation as it is now. If somebody else has changed it meanwhile, such as while a service was asked,
    /// it begins again with theirs.
    ///
    /// - Returns: the installation as it is stored then.
    func change(
        _ id: InstallationID, _ body: (inout Installation, InstallationDirectory) async throws -> Void
    ) async throws -> Installation {
        var rounds = 0
        while true {
            let directory = try await store.currentDirectory()
            guard let before = directory[id] else { throw gone(id) }
            var present = before
            try await body(&present, directory)
            do throws(StoreFailure) {
                return try await store.save(present, replacing: before, now: now())
            } catch {
                rounds += 1
                let isChanged = try await store.currentDirectory()[id] != before
                guard error.kind == .conflict, isChanged, rounds < Self.longestContest else { throw error }
            }
        }
    }

    /// How often a change begins again at most.
    private static let longestContest = 10

    private static func usable(_ name: String) throws(SetupFailure) -> String {
        guard let name = name.asName else {
            throw SetupFailure(side: "byoc", problem: "The name is empty.", remedy: "Give it a name.")
        }
        return name
    }

    /// Changes settings. Those of an account are the same for all installations on it.
    ///
    /// - Returns: the installation as it is stored then.
    package func edit(
        _ installation: Installation, on channel: any Channel, _ edit: InstallationEdit
    ) async throws -> Installation {
        try await change(installation.id) { present, directory in
            try requireOwn(edit.fields, of: present, in: directory)
            if let name = edit.name { present.name = try Self.usable(name) }
            present.resolvedPolicy = edit.resolvedPolicy ?? present.resolvedPolicy
            present.doubtPolicy = edit.doubtPolicy ?? present.doubtPolicy
            present.forwardsSystemLines = edit.forwardsSystemLines ?? present.forwardsSystemLines
            if let limit = edit.textLimit {
                guard limit > 0 else {
                    throw SetupFailure(
                        side: "byoc", problem: "A text limit of \(limit) leaves no room for a message.",
                        remedy: "Give a number of characters, such as 4000.")
                }
                present.helpdesk.textLimit = limit
            }
            if try Self.change(&present.channel.settings, to: edit.settings, of: channel) {
                let check = try await channel.check(present.channel, over: http)
                try require(check.identity, of: present.channel.identity, side: channel.descriptor.name)
            }
        }
    }

    /// - Returns: whether anything is different now.
    private static func change(
        _ settings: inout [String: String], to values: [String: String], of channel: any Channel
    ) throws(SetupFailure) -> Bool {
        let before = settings
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            guard let field = channel.descriptor.fields.first(where: { $0.key == key && !$0.isSecret }) else {
                let keys = channel.descriptor.fields.filter { !$0.isSecret }.map(\.key)
                throw SetupFailure(
                    side: "byoc", problem: "\(channel.descriptor.name) has no setting “\(key)”.",
                    remedy: "It has: \(keys.joined(separator: ", "))", field: key)
            }
            if value.isEmpty {
                settings[key] = field.defaultValue
                guard field.defaultValue != nil || !field.isRequired else {
                    throw SetupFailure(
                        side: "byoc", problem: "“\(field.label)” is required.", remedy: field.help, field: key)
                }
            } else if let problem = field.problem(value) {
                throw SetupFailure(
                    side: "byoc", problem: "“\(field.label)”: \(problem)", remedy: field.help, field: key)
            } else {
                settings[key] = value
            }
        }
        return settings != before
    }

    /// Refuses what belongs to another account than before.
    func require(
        _ identity: RemoteIdentity?, of known: RemoteIdentity?, side: String
    ) throws(SetupFailure) {
        guard let identity, let known, identity != known else { return }
        throw SetupFailure(
            side: side, problem: "that belongs to another account: \(identity), and not \(known)",
            remedy: "Connect the other account as an installation of its own: byoc install")
    }

    func gone(_ id: InstallationID) -> SetupFailure {
        SetupFailure(
            side: "byoc", problem: "There is no installation \(id) any more.", remedy: "List them: byoc installations")
    }

    private func unknown(_ account: String, _ known: [String]) -> SetupFailure {
        SetupFailure(
            side: "byoc", problem: "There is no such account: \(account)",
            remedy: "There are: \(known.joined(separator: ", "))")
    }
}
