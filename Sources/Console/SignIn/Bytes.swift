import FoundationEssentials

extension Sequence<UInt8> {
    /// In the alphabet of base64url, without padding.
    var base64URL: String {
        Data(self).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Looks at all of them, whatever differs.
    func isEqualInConstantTime(to other: [UInt8]) -> Bool {
        let own = Array(self)
        guard own.count == other.count else { return false }
        return zip(own, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension String {
    var base64URLDecoded: [UInt8]? {
        guard utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "=") }) else {
            return nil
        }
        let padded =
            replacing("-", with: "+").replacing("_", with: "/")
            + String(repeating: "=", count: (4 - utf8.count % 4) % 4)
        return Data(base64Encoded: padded).map(Array.init)
    }
}
