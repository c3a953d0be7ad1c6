import Console
import FoundationEssentials
import HTTPTypes
import RelayCore
import Testing

@Suite struct SignInTests {
    @Test func `Whoever isn't signed in is sent to sign in, and then on to where he wanted`() async {
        var browser = Browser(ConsoleScene().console)
        let asked = await browser.get("/?a=b")
        #expect(asked.status == 303)
        #expect(asked.location == "/byoc/admin/sign-in?to=%2F%3Fa%3Db")
        let answer = await browser.signIn(to: "/?a=b")
        #expect(answer.status == 303)
        #expect(answer.location == "/byoc/admin/?a=b")
        let page = await browser.get("/")
        #expect(page.status == 200)
        #expect(page.text.contains("<h1>Overview</h1>"))
    }
}
