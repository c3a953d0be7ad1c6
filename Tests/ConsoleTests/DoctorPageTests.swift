import Console
import RelayCore
import FoundationEssentials
import Synchronization
import Testing

@Suite struct DoctorPageTests {
    @Test func `The checks run only on demand`() async throws {
        let scene = ConsoleScene()
        scene.programme.state.withLock { $0.findings = [Finding(.ok, "Clock", "runs with Viber's")] }
        var browser = await scene.signedIn()
        let before = await browser.get("/doctor").text
        #expect(before.contains("href=\"/byoc/admin/doctor?look=now\""))
        #expect(!before.contains("runs with Viber"))
        let after = await browser.get("/doctor?look=now").text
        #expect(after.contains("runs with Viber"))
        #expect(after.contains("No problems found."))
        #expect(!after.contains("Fix:"))
        #expect(after.contains(">Server</h2>"))
    }

    @Test func `A finding is shown with why it matters and its fix, and HTML in it is text`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        scene.programme.state.withLock {
            $0.findings = [
                Finding(
                    .error, "Certificate", "ends <b>tomorrow</b>", why: "Viber refuses it then.", do: "certbot renew"),
                Finding(.warning, "Webhook", "none came yet", installation: "double-1"),
                Finding(.warning, "Token", "is old", installation: "double-1"),
            ]
        }
        var browser = await scene.signedIn()
        let text = await browser.get("/doctor?look=now").text
        #expect(text.contains("1 error, 2 warnings."))
        #expect(text.contains("ends &lt;b&gt;tomorrow&lt;/b&gt;"))
        #expect(text.contains("Viber refuses it then."))
        #expect(text.contains("certbot renew"))
        #expect(text.components(separatedBy: "href=\"/byoc/admin/installations/double-1\"").count == 2)
    }

    @Test func `Where a page does what a command would do, the fix links to that page`() async throws {
        let scene = ConsoleScene()
        _ = try await scene.install()
        let paths = "/byoc/admin/installations/double-1"
        for (command, before, link) in [
            (
                "Fix the token, then: byoc resume double-1", "Fix the token, then:",
                "\(paths)#actions\">Resume installation"
            ),
            ("byoc register double-1", "", "\(paths)#actions\">Register webhook"),
            ("Then: byoc set-key double-1 < key.pem", "Then:", "\(paths)#credentials\">Replace credential"),
            (
                "byoc outbox --dead --installation double-1, then byoc retry", "",
                "/byoc/admin/messages?installation=double-1&amp;state=dead\">View messages"
            ),
        ] {
            scene.programme.state.withLock {
                $0.findings = [Finding(.error, "It", "is so", why: "Why.", do: command, installation: "double-1")]
            }
            var browser = await scene.signedIn()
            let text = await browser.get("/doctor?look=now").text
            #expect(text.contains("<a href=\"\(link)</a>"), "\(command)")
            #expect(text.contains("<span class=\"words\">\(before)</span>") != before.isEmpty, "\(command)")
            #expect(!text.contains("byoc resume") && !text.contains("byoc register") && !text.contains("--dead"))
        }
    }

    @Test func `A fix that only the server's shell has stays as it is`() async throws {
        let scene = ConsoleScene()
        scene.programme.state.withLock {
            $0.findings = [Finding(.error, "Data store", "is damaged", why: "Why.", do: "byoc store check")]
        }
        var browser = await scene.signedIn()
        #expect(await browser.get("/doctor?look=now").text.contains("<span class=\"words\">byoc store check</span>"))
    }

    @Test func `Passed checks are folded, and what needs attention is open`() async throws {
        let scene = ConsoleScene()
        scene.programme.state.withLock {
            $0.findings = [Finding(.ok, "Clock", "runs right"), Finding(.warning, "Disk", "is nearly full")]
        }
        var browser = await scene.signedIn()
        let text = await browser.get("/doctor?look=now").text
        let folded = try #require(text.firstRange(of: "<details class=\"passed\">"))
        #expect(text[..<folded.lowerBound].contains("is nearly full"))
        #expect(text[folded.upperBound...].contains("runs right") && text.contains(">1 check passed</span>"))
    }
}
