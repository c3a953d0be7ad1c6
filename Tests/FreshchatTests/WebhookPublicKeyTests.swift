import Crypto
import CryptoExtras
import Foundation
import Freshchat
import HTTPTypes
import RelayCore
import RelayTesting
import Testing

@Suite("The webhook's key and signature")
struct WebhookPublicKeyTests {
    static let body = Array(#"{"action":"x","text":"Здравей 👋"}"#.utf8)

    /// Each shape in which the key has been seen or is likely to be pasted.
    static let shapes: [String: String] = {
        let spki = Signer.key.publicKey.derRepresentation.base64EncodedString()
        let pkcs1 = Signer.key.publicKey.pkcs1DERRepresentation.base64EncodedString()
        func pem(_ label: String, _ base64: String, lineEnd: String = "\n", width: Int = 64) -> String {
            var lines = ["-----BEGIN \(label)-----"]
            var rest = base64[...]
            while !rest.isEmpty {
                lines.append(String(rest.prefix(width)))
                rest = rest.dropFirst(width)
            }
            return (lines + ["-----END \(label)-----"]).joined(separator: lineEnd)
        }
        let usual = pem("PUBLIC KEY", spki)
        return [
            "as it should be": usual,
            "the label of another form": pem("RSA PUBLIC KEY", spki),
            "PKCS#1 with its label": pem("RSA PUBLIC KEY", pkcs1),
            "PKCS#1 with the wrong label": pem("PUBLIC KEY", pkcs1),
            "a line end at its end": usual + "\n\n",
            "indented": usual.replacing("\n", with: "\n    "),
            "CRLF": pem("RSA PUBLIC KEY", spki, lineEnd: "\r\n"),
            "no line ends": pem("RSA PUBLIC KEY", spki, lineEnd: ""),
            "escaped line ends": pem("RSA PUBLIC KEY", spki, lineEnd: "\\n"),
            "escaped CRLF": pem("RSA PUBLIC KEY", spki, lineEnd: "\\r\\n"),
            "spaces for line ends": pem("RSA PUBLIC KEY", spki, lineEnd: " "),
            "one long line": pem("PUBLIC KEY", spki, width: 10_000),
            "bare Base64": spki,
            "bare PKCS#1": pkcs1,
            "bare Base64 in lines": pem("X", spki).split(separator: "\n").dropFirst().dropLast().joined(
                separator: "\n"),
            "without its padding": pkcs1.replacing("=", with: ""),
            "in quotes": "\"\(usual)\"",
            "in single quotes with escapes": "'\(pem("RSA PUBLIC KEY", spki, lineEnd: "\\n"))'",
            "in curly quotes": "“\(usual)”",
            "with a byte order mark": "\u{FEFF}" + usual,
            "with lines around it": "Public key (RSA, SHA-256):\n\n\(usual)\n\nCopied from the certificate page\n",
            "with invisible characters": usual.replacing("\n", with: "\u{200B}\n\u{2060}").replacing(
                "A", with: "A\u{AD}"),
            "bare Base64 with a byte order mark": "\u{FEFF}" + spki,
            "without its end": usual.replacing("-----END PUBLIC KEY-----", with: ""),
        ]
    }()

    @Test("Every shape of the key verifies", arguments: shapes.keys.sorted())
    func shape(name: String) throws {
        let key = try WebhookPublicKey(parsing: try #require(Self.shapes[name]))
        let signature = try Signer.signature(over: Self.body)
        #expect(key.isValid(signature: signature, over: Self.body))
        #expect(!key.isValid(signature: signature, over: Self.body + [0x20]))
    }

    static let noKeys: [(String, String)] = [
        ("", "is empty"), ("  \n", "is empty"), ("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", "is empty"),
        ("hello world, this is it!", "incomplete"), ("AAAA", "Not an RSA public key"),
        ("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----", "private key"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "A certificate, not"),
    ]

    @Test("What is no key is refused with words that help", arguments: noKeys)
    func nonsense(text: String, words: String) throws {
        let failure = #expect(throws: SetupFailure.self) { try WebhookPublicKey(parsing: text) }
        #expect(failure?.problem.contains(words) == true, "\(String(describing: failure))")
        #expect(failure?.remedy.contains("with its BEGIN and END lines") == true)
    }

    @Test("A key of another kind, or one cut short in copying, is refused")
    func wrongKeys() throws {
        let elliptic = P256.Signing.PrivateKey().publicKey.pemRepresentation
        #expect(throws: SetupFailure.self) { try WebhookPublicKey(parsing: elliptic) }
        #expect(throws: SetupFailure.self) { try WebhookPublicKey(parsing: String(Signer.pem.prefix(200))) }
    }

    @Test("Damaged keys are refused or read, never more")
    func damaged() throws {
        var random = SeededGenerator(seed: 7)
        for shape in Self.shapes.values.sorted() {
            for _ in 0..<60 {
                let text = String(decoding: JSONMutation.mutate(Array(shape.utf8), using: &random), as: UTF8.self)
                if let key = try? WebhookPublicKey(parsing: text) {
                    _ = key.isValid(signature: text, over: Self.body)
                }
            }
        }
    }

    private func refusal(_ request: WebhookRequest, key: String = Signer.pem) -> WebhookRefusal? {
        do {
            _ = try FreshchatHelpdesk().readWebhook(request, account: makeAccount(key: key))
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "A signed body is read, whatever the case of the header's name",
        arguments: [
            "X-Freshchat-Signature", "x-freshchat-signature", "X-FreshChat-Signature",
        ])
    func genuine(header: String) throws {
        #expect(refusal(try Signer.request(Self.body, header: header)) == nil)
    }

    @Test("A single flipped bit in the body or the signature is rejected")
    func flippedBit() throws {
        let request = try Signer.request(Self.body)
        for index in Self.body.indices {
            var tampered = request
            tampered.body[index] ^= 1
            #expect(refusal(tampered)?.kind == .notGenuine)
        }
        let name = try #require(HTTPField.Name("X-Freshchat-Signature"))
        var signature = try #require(Data(base64Encoded: try Signer.signature(over: Self.body)))
        for index in [0, 100, 255] {
            signature[index] ^= 0x10
            var tampered = request
            tampered.headers[name] = signature.base64EncodedString()
            #expect(refusal(tampered)?.kind == .notGenuine)
            signature[index] ^= 0x10
        }
    }

    @Test("The same JSON serialized again is rejected: the signature is over the bytes")
    func reserialised() throws {
        var request = try Signer.request(Self.body)
        let rewritten = try JSONEncoder().encode(JSONDecoder().decode(JSON.self, from: Data(Self.body)))
        request.body = Array(rewritten) + [0x0A]
        #expect(refusal(request)?.kind == .notGenuine)
        request.body = Array(String(decoding: Self.body, as: UTF8.self).replacing("👋", with: "\\ud83d\\udc4b").utf8)
        #expect(refusal(request)?.kind == .notGenuine)
    }

    @Test("A missing, empty, foreign or non-Base64 signature is rejected with 403")
    func wrongSignatures() throws {
        #expect(refusal(makeRequest(Self.body))?.status == .forbidden)
        let name = try #require(HTTPField.Name("X-Freshchat-Signature"))
        let foreign = try _RSA.Signing.PrivateKey(keySize: .bits2048)
            .signature(for: SHA256.hash(data: Self.body), padding: .insecurePKCS1v1_5).rawRepresentation
            .base64EncodedString()
        let pss = try Signer.key.signature(for: SHA256.hash(data: Self.body), padding: .PSS).rawRepresentation
            .base64EncodedString()
        for value in ["", "%%%", "AAAA", foreign, pss, String(repeating: "A", count: 10_000)] {
            #expect(refusal(makeRequest(Self.body, headers: [name: value]))?.status == .forbidden)
        }
    }

    @Test("Without a usable key the caller is asked to come again", arguments: ["", " \n", "nonsense"])
    func noKey(key: String) throws {
        let refusal = refusal(try Signer.request(Self.body), key: key)
        #expect(refusal?.kind == .notReady)
        #expect(refusal?.status == .serviceUnavailable)
    }

    @Test("A new key in the settings counts at once")
    func changedKey() throws {
        let helpdesk = FreshchatHelpdesk()
        let other = try _RSA.Signing.PrivateKey(keySize: .bits2048).publicKey.pemRepresentation
        let request = try Signer.request(Self.body)
        #expect(throws: Never.self) { try helpdesk.readWebhook(request, account: makeAccount(key: Signer.pem)) }
        #expect(throws: WebhookRefusal.self) { try helpdesk.readWebhook(request, account: makeAccount(key: other)) }
        #expect(throws: Never.self) { try helpdesk.readWebhook(request, account: makeAccount(key: Signer.pem)) }
    }

    @Test("A spare key verifies too, and one that can't be read is no hindrance", arguments: ["", "nonsense"])
    func spareKeys(present: String) throws {
        let other = try _RSA.Signing.PrivateKey(keySize: .bits2048).publicKey.pemRepresentation
        let request = try Signer.request(Self.body)
        for spares in [[Signer.pem], [other, Signer.pem], ["nonsense", Signer.pem]] {
            let account = makeAccount(key: present, spareKeys: spares)
            #expect(throws: Never.self) { try FreshchatHelpdesk().readWebhook(request, account: account) }
        }
        let without = #expect(throws: WebhookRefusal.self) {
            try FreshchatHelpdesk().readWebhook(request, account: makeAccount(key: present, spareKeys: [other]))
        }
        #expect(without?.kind == .notGenuine)
    }
}
