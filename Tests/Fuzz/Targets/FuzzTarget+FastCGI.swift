import Crypto
import FoundationEssentials
import RelayCore

@testable import FastCGI

extension FuzzTarget {
    /// Bytes on a connection, as they come.
    static let records = FuzzTarget(name: "records", longest: 4096) { input in
        let responder = try LiveResponder.shared.get()
        let answers = try FastCGIAnswer.all(in: try responder.converse(input))
        if case .complete(let head) = input.withUnsafeBytes({ RequestGuard.inspect($0) }) {
            if FastCGIBytes.hasStranger(inBody: input.dropFirst(head.length), of: head.id) {
                try hold(answers.isEmpty, "a request with a foreign record in its body is not answered")
            }
        } else {
            try hold(answers.isEmpty, "only a whole head is answered")
        }
        try responder.checkHealth()
    }

    /// A request in the right form with anything in it.
    ///
    /// The input is a byte that says how it is sent, then lines of `NAME=value`, an empty line, and the body. The byte's
    /// bits: 0–1 the pieces it is cut into, 2 the connection is kept, 4 its length is told, 5 it is signed as Viber does.
    static let requests = FuzzTarget(name: "requests", longest: 8192) { input in
        guard let manner = input.first else { return }
        let (lines, body) = Array(input.dropFirst()).linesAndRest
        var parameters: [UInt8] = []
        for line in lines {
            let (name, value) = line.cut(at: UInt8(ascii: "="))
            parameters += FastCGIBytes.pair(name, value)
        }
        if manner & 16 != 0 { parameters += FastCGIBytes.pairs([("CONTENT_LENGTH", "\(body.count)")]) }
        let isSigned = manner & 32 != 0
        if isSigned {
            parameters += FastCGIBytes.pairs([("HTTP_X_VIBER_CONTENT_SIGNATURE", KnownSignature.viber(over: body))])
        }
        var records = FastCGIBytes()
        records.begin(keep: manner & 4 != 0)
        let piece = [32, 255, 1000, 0x8000][Int(manner & 3)]
        records.stream(4, parameters, piece: piece)
        records.stream(5, body, piece: piece)

        let responder = try LiveResponder.shared.get()
        let answers = try FastCGIAnswer.all(in: try responder.converse(records.bytes))
        // libfcgi's strings end at a zero, so these would reach us cut.
        if lines.contains(where: { $0.contains(0) }) {
            try hold(answers.isEmpty, "a variable with a zero in it is not taken for a shorter one")
            return try responder.checkHealth()
        }
        try hold(answers.count == 1, "a request in the right form gets one answer")
        let answer = answers[0]
        try hold(
            [200, 400, 403, 413, 503].contains(answer.status), "a request gets 200 or is told what is wrong with it")
        switch answer["X-Read"] {
        case "echo":
            try hold(
                answer.body == body || answer.body.isEmpty && lines.contains { $0.text == "REQUEST_METHOD=HEAD" },
                "a body comes in as it was sent")
        case "channel":
            let digits = KnownSignature.viber(over: body)
            let isGiven = lines.contains { $0.text.lowercased().contains(digits) }
            try hold(isSigned || isGiven, "no unsigned callback is accepted")
        case "helpdesk":
            try hold(body == KnownSignature.body, "no unsigned webhook is accepted")
        default: break
        }
        try responder.checkHealth()
    }
}
