import CLibFuzzer
import Glibc

/// Runs one fuzz target under libFuzzer: `fuzz TARGET [libFuzzer's options and folders]`. `deploy/fuzz` builds and calls it.
@main enum Fuzz {
    /// libFuzzer's callback can carry nothing along.
    private static let target = CommandLine.arguments.dropFirst().first.flatMap(FuzzTarget.named)

    static func main() {
        guard let target else {
            print(FuzzTarget.all.map { "\($0.name) \($0.longest)" }.joined(separator: "\n"))
            exit(CommandLine.arguments.count > 1 ? 64 : 0)
        }
        // What is one of ours to do once is not the first input's.
        try? target.check([])
        var count = CommandLine.argc - 1
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
        exit(
            LLVMFuzzerRunDriver(&count, &arguments) { start, length in
                do {
                    try Fuzz.target?.check(Array(UnsafeBufferPointer(start: start, count: length)))
                } catch {
                    // To libFuzzer a trap is a finding: it keeps the input.
                    fatalError("\(error)")
                }
                return 0
            })
    }
}
