import RelayCore
import Testing

@Suite("Hexadecimal digits")
struct HexadecimalTests {
    @Test("Each byte is two digits with small letters, and is read from letters of either case")
    func both() {
        let bytes = Array(UInt8.min...UInt8.max)
        #expect([0x00, 0x0A, 0x9F, 0xFF].hexadecimal == "000a9fff")
        #expect([UInt8](hexadecimal: bytes.hexadecimal) == bytes)
        #expect([UInt8](hexadecimal: bytes.hexadecimal.uppercased()) == bytes)
        #expect([UInt8](hexadecimal: "") == [])
    }

    @Test(
        "Half a byte, and anything that is no digit, is nothing",
        arguments: ["0", "abc", "0g", "+1", " 1", "1 ", "0x", "é"])
    func refused(_ text: String) {
        #expect([UInt8](hexadecimal: text) == nil)
    }
}
