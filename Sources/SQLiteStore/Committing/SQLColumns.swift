import FoundationEssentials
import RelayCore

/// Reading columns by their places.
protocol SQLColumns {
    func integerIfAny(_ index: Int) throws -> Int64?
    func textIfAny(_ index: Int) throws -> String?
    func blobIfAny(_ index: Int) throws -> Data?
}

extension SQLColumns {
    func integer(_ index: Int) throws -> Int64 { try present(try integerIfAny(index)) }
    func int(_ index: Int) throws -> Int { Int(try integer(index)) }
    func flag(_ index: Int) throws -> Bool { try integer(index) != 0 }
    func text(_ index: Int) throws -> String { try present(try textIfAny(index)) }
    func date(_ index: Int) throws -> Date { Date(milliseconds: try integer(index)) }
    func dateIfAny(_ index: Int) throws -> Date? { try integerIfAny(index).map(Date.init(milliseconds:)) }

    /// A word of one of our enumerations.
    func word<Word: RawRepresentable<String>>(_ index: Int, _ type: Word.Type = Word.self) throws -> Word {
        let text = try text(index)
        guard let word = Word(rawValue: text) else {
            throw StoreFailure(
                .damaged, "the data store holds the unknown word “\(text)”: it is damaged, or from a newer version")
        }
        return word
    }

    func id<ID: OpaqueID>(_ index: Int, _ type: ID.Type = ID.self) throws -> ID { ID(rawValue: try text(index)) }

    private func present<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw UnreadableColumn() }
        return value
    }
}
