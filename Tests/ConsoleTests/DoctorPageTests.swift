import Console
import RelayCore
import FoundationEssentials
import Synchronization
import Testing

@Suite struct DoctorPageTests {
    @Test func `The doctor looks only when asked to`() async throws {
        let scene = ConsoleScene()
        scene.programme.state.withLock { $0.findings = [Finding(.ok, "Clock", "runs with Viber's")] }
        var browser = await scene.signedIn()
        let before = await browser.get("/doctor").text
        #expect(before.contains("href=\"/byoc/admin/doctor?look=now\""))
        #expect(!before.contains("runs with Viber"))
        let after = await browser.get("/doctor?look=now").text
        #expect(after.contains("runs with Viber"))
        #expect(after.contains("Nothing is wrong."))
        #expect(!after.contains("What mends it"))
        #expect(after.contains(">This byoc</h2>"))
    }

    @Test func `A finding is shown with why it matters and what mends it, and HTML in it is text`() async throws {
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
        #expect(text.contains("1 thing is wrong, 2 warnings."))
        #expect(text.contains("ends &lt;b&gt;tomorrow&lt;/b&gt;"))
        #expect(text.contains("Viber refuses it then."))
        #expect(text.contains("certbot renew"))
        #expect(text.components(separatedBy: "href=\"/byoc/admin/installations/double-1\"").count == 2)
    }
}
