import Glibc

/// A variable that byoc reads (RFC 3875 §4.1, and web servers' additions).
enum RequestVariable: Int, CaseIterable {
    case requestMethod, requestURI, requestScheme, https, host, serverName, serverPort, scriptName, pathInfo
    case queryString, remoteAddress, contentType, contentLength

    /// The variable of this name. Most names match none, as their length already shows.
    init?(_ name: UnsafeRawBufferPointer) {
        switch name.count {
        case 5 where name.spells("HTTPS"): self = .https
        case 9 where name.spells("HTTP_HOST"): self = .host
        case 9 where name.spells("PATH_INFO"): self = .pathInfo
        case 11 where name.spells("REQUEST_URI"): self = .requestURI
        case 11 where name.spells("SCRIPT_NAME"): self = .scriptName
        case 11 where name.spells("REMOTE_ADDR"): self = .remoteAddress
        case 11 where name.spells("SERVER_NAME"): self = .serverName
        case 11 where name.spells("SERVER_PORT"): self = .serverPort
        case 12 where name.spells("CONTENT_TYPE"): self = .contentType
        case 12 where name.spells("QUERY_STRING"): self = .queryString
        case 14 where name.spells("REQUEST_METHOD"): self = .requestMethod
        case 14 where name.spells("CONTENT_LENGTH"): self = .contentLength
        case 14 where name.spells("REQUEST_SCHEME"): self = .requestScheme
        default: return nil
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these are the bytes of a word.
    func spells(_ word: StaticString) -> Bool {
        count == word.utf8CodeUnitCount && begins(with: word)
    }

    /// Whether these bytes begin with those of a word.
    func begins(with word: StaticString) -> Bool {
        guard count >= word.utf8CodeUnitCount, let start = baseAddress else { return false }
        return memcmp(start, word.utf8Start, word.utf8CodeUnitCount) == 0
    }
}
