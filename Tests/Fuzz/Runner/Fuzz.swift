import CLibFuzzer
import Glibc

/// Runs the fuzz target that `FUZZ_TARGET` names under libFuzzer, with its options and folders as arguments; without one,
/// lists the targets. `deploy/fuzz` builds and calls it.
@main enum Fuzz {
    /// libFuzzer's callback can carry nothing along, and libFuzzer starts the program again with arguments of its own.
    private static let target = getenv("FUZZ_TARGET").flatMap { FuzzTarget.named(String(cString: $0)) }

    static func main() {
        guard let target else {
            print(FuzzTarget.all.map { "\($0.name) \($0.longest)" }.joined(separator: "\n"))
            return
        }
        // What has to be done once is not the first input's.
        try? target.check([])
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
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
