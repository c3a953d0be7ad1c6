import Channels
import Foundation
import RelayCore
import Testing

@Suite("The registry of channels")
struct ChannelRegistryTests {
    @Test("Each folder under Sources/Channels is a channel of the registry")
    func folders() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/Channels").standardizedFileURL
        let folders = try FileManager.default.contentsOfDirectory(
            at: sources.resolvingSymlinksInPath(), includingPropertiesForKeys: [.isDirectoryKey]
        ).filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
            .map(\.lastPathComponent)
        let names = ChannelRegistry.all.map { String(describing: type(of: $0)) }
        #expect(folders.sorted() == names.sorted())
    }

    @Test("No two channels have one kind, and each is found by its own")
    func kinds() {
        let kinds = ChannelRegistry.all.map(\.descriptor.kind)
        #expect(Set(kinds).count == kinds.count)
        for kind in kinds { #expect(ChannelRegistry.channel(kind)?.descriptor.kind == kind) }
    }

    @Test("A kind that there isn't is no channel")
    func unknown() {
        #expect(ChannelRegistry.channel("carrier-pigeon") == nil)
    }
}
