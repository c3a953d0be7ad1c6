import Crypto
import FoundationEssentials

/// Signatures that are genuine. Freshchat's is over one body only: its private key is nowhere.
enum KnownSignature {
    static let body = Array(#"{"action":"a signed body that fuzzing shall not change"}"#.utf8)

    static let key = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuFospf302Lyjsut4PrD8
        upqTvz7Vs5t2FWBNPeLaF99hE/dm+oYgtVKOHrx2iML1G9JuaQ0EUefVln3vjR2g
        Nu+rZskPYWikci/V4fZASGbUCxBtsbNEHq/s6aH0crAuh4Yo9BMYzQxOpRYPv86R
        /PNgENcOFXK1uh/ACdU1kZP/2J5s2aqDrFUXEn0IoBWyyi10k3r+jzLM/CkmDfSZ
        EAuiYH15CZP/tkiaVeU3jtqmACQYEyhAWTGlwaTp1DmHCgnoNY7cv1JAptS5JbcQ
        BrltamRMj2gUks6MZ7TtNZNePT/cDX+GdAY82ktNDXcZcqDR0hE1Xt/7gxX8q23Y
        mQIDAQAB
        -----END PUBLIC KEY-----
        """

    static let freshchat = """
        lMa2Ylc2+hyu5Qqw4K4QSZPwB3wetUv7khU4lI1+TDvErixTS8fofzf5KNxOpDDaxB5KClDaYduDW2xYM9sUbeFRDzTkmPhjAu8R\
        4stLrt9qVfzby3B+3um0yapAZdYie/7S80nQUKCGaJMwSqd9AbVsQ6784BrSAaYzetHNB6nXDDvRXUHs8jopFCmETEG3b4gmCw+r\
        op/hVlGYPKcS1xFAmO4m97KzcIL9MLSYBdmIcfp2/p6T5Db6jcZpVVY5C23T/bcXORwE4m+mK046ioqbURfRuE6rogL9Q3cV8/Jj\
        m8hrQjRnLjJy4DkR4R/Ep6EWAneKUPR/RFyXzOEFQA==
        """

    /// The digits that Viber sends with a body (viber.md §4).
    static func viber(over body: [UInt8]) -> String {
        let key = SymmetricKey(data: Array(WebhookFront.token.utf8))
        return HMAC<SHA256>.authenticationCode(for: body, using: key).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
