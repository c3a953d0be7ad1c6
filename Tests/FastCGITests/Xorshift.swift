/// A generator with a seed, so that a failure can be had again.
struct Xorshift: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    /// Flips, drops, doubles and inserts bytes, at least once.
    mutating func mutate(_ bytes: inout [UInt8]) {
        for _ in 0...Int.random(in: 0..<6, using: &self) {
            guard let place = bytes.indices.randomElement(using: &self) else { return }
            switch Int.random(in: 0..<6, using: &self) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 1: bytes[place] = .random(in: 0...255, using: &self)
            case 2: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &self) ?? 0
            case 3: bytes.remove(at: place)
            case 4: bytes.insert(contentsOf: bytes[place...].prefix(Int.random(in: 0..<40, using: &self)), at: place)
            default: bytes.removeSubrange(place...)
            }
        }
    }
}
