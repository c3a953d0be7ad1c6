import RelayCore
import Testing

@Suite("Integers from numbers")
struct ClampedIntegerTests {
    @Test(
        "What doesn't fit is moved to the nearest that does, and no number is 0",
        arguments: [
            (0, 0), (1.9, 1), (-1.9, -1), (.nan, 0), (.infinity, .max), (-.infinity, .min), (1e300, .max),
            (-1e300, .min),
            (-9_223_372_036_854_775_808, .min),
            (2_251_799_813_685_249.5, 2_251_799_813_685_249),
        ] as [(Double, Int64)])
    func clamped(_ number: Double, _ expected: Int64) {
        #expect(Int64(clamping: number) == expected)
    }

    @Test("Narrow and unsigned integers have their own ends")
    func narrow() {
        #expect(UInt8(clamping: 256.0) == 255)
        #expect(UInt8(clamping: -0.5) == 0)
        #expect(UInt8(clamping: -1.0) == 0)
        #expect(Int32(clamping: 1e12) == .max)
    }
}
