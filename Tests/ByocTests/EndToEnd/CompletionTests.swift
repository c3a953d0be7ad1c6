import Foundation
import Simulators
import Testing

extension EndToEnd {
    @Suite("Shell completions")
    struct Completions {
        @Test("The script for bash is valid, and offers the installations' ids")
        func bash() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let script = try await stack.run("--generate-completion-script", "bash")
                #expect(script.status == 0 && script.output.contains("doctor"))
                let file = "\(stack.folder)/completion.bash"
                try script.output.write(toFile: file, atomically: false, encoding: .utf8)
                let bash = try ChildProcess(
                    "/bin/bash", ["-n", file], environment: ["PATH": "/usr/bin:/bin"], directory: stack.folder,
                    output: "\(stack.folder)/bash.log", errors: "\(stack.folder)/bash.log")
                #expect(await bash.wait(timeout: patience) == 0, "\(stack.text(of: "bash.log"))")

                let line =
                    ". \(file); COMP_WORDS=(byoc show ''); COMP_CWORD=2; COMP_LINE='byoc show '; COMP_POINT=10; "
                    + "PATH=\(URL(fileURLWithPath: Self.program).deletingLastPathComponent().path):$PATH; "
                    + "_byoc byoc '' show; printf '%s\\n' \"${COMPREPLY[@]}\""
                let offered = try ChildProcess(
                    "/bin/bash", ["-c", line],
                    environment: stack.environment.merging(["BYOC_LOG_LEVEL": "error"]) { $1 },
                    directory: stack.folder, output: "\(stack.folder)/offered.log",
                    errors: "\(stack.folder)/offered.err")
                _ = await offered.wait(timeout: patience)
                #expect(
                    stack.text(of: "offered.log").contains(installed.id),
                    "\(stack.text(of: "offered.log"))\(stack.text(of: "offered.err"))")
            }
        }

        private static var program: String { ByocStack.program }
    }
}
