import HTTPTypes
import Synchronization

// Images, files and their URLs (freshchat.md §1.10, media rules).
extension FreshchatSimulator {
    private static let uploadLimit = 25 << 20

    /// A part as Freshchat keeps it: an image on its own CDN, a file with the URL of its upload.
    func store(_ part: JSON, _ knobs: FreshchatKnobs) async throws -> JSON {
        if let url = part["image"]?["url"]?.string {
            return ["image": ["url": .string(try await ownImage(url, knobs))]]
        }
        guard let file = part["file"] else { return part }
        var stored: JSON = .object([
            "name": file["name"], "url": file["url"], "file_size_in_bytes": file["file_size_in_bytes"],
            "content_type": file["contentType"] ?? file["content_type"],
        ])
        if let hash = file["fileHash"]?.string {
            guard let upload = state.withLock({ $0.uploads[hash] }) else {
                throw FreshchatError.invalid("unknown fileHash")
            }
            guard knobs.acceptsUnscannedFiles || upload.safeFrom <= .now else {
                throw FreshchatError.invalid("file is not safe yet")
            }
            stored["url"] = .string(state.withLock { "\($0.baseURL)/cdn/files/\(hash)" })
            stored["file_size_in_bytes"] = .integer(Int64(upload.bytes.count))
            stored["content_type"] = stored["content_type"] ?? .string(upload.contentType)
        }
        return ["file": stored]
    }

    /// Fetches an image during the very request, as Freshchat does, and takes it to its own CDN.
    private func ownImage(_ url: String, _ knobs: FreshchatKnobs) async throws -> String {
        let baseURL = state.withLock { $0.baseURL }
        guard knobs.fetchesImages, !url.hasPrefix("\(baseURL)/cdn/") else { return url }
        guard knobs.allowsPlainHTTP.allows(url) else { throw FreshchatError.invalid("IMAGE_EMPTY_CONTENT") }
        let answer = await client.get(url, timeoutMilliseconds: knobs.imageTimeoutMilliseconds)
        guard (200..<300).contains(answer.status), answer.contentType.lowercased().hasPrefix("image/"),
            !answer.body.isEmpty
        else {
            log.record(
                .freshchat, .refused, "image", status: answer.status,
                text: "\(url) \(answer.failure.map(String.init(describing:)) ?? answer.contentType)")
            throw FreshchatError.invalid("IMAGE_EMPTY_CONTENT")
        }
        return state.withLock { state in
            let path = "/cdn/images/\(state.random.hex(bytes: 16))"
            state.uploads[path] = FreshchatUpload(
                bytes: answer.body, contentType: answer.contentType, name: "image", safeFrom: .now)
            return state.baseURL + path
        }
    }

    /// The part as it is shown: right after its message a URL may be missing, and the other kinds' keys may be there as
    /// null (§1.10).
    func visible(_ part: JSON, created: Timestamp, _ knobs: FreshchatKnobs) -> JSON {
        var part = part
        if knobs.attachmentURLDelayMilliseconds > 0,
            Timestamp.now < created.adding(milliseconds: Int64(knobs.attachmentURLDelayMilliseconds))
        {
            for kind in ["image", "video", "file"] where part[kind] != nil {
                part[kind]?["url"] = nil
            }
        }
        if knobs.addsNullPartKeys {
            for kind in ["text", "image", "video", "file", "url_button", "collection"] where part[kind] == nil {
                part[kind] = .null
            }
        }
        return part
    }

    func uploadImage(_ request: APIRequest) throws -> APIResponse {
        let file = try uploaded(request, field: "image")
        guard file.contentType.hasPrefix("image/") else { throw FreshchatError.invalid("not an image") }
        return state.withLock { state in
            let id = state.random.hex(bytes: 16)
            state.uploads["/cdn/images/\(id)"] = FreshchatUpload(
                bytes: file.bytes, contentType: file.contentType, name: file.name, safeFrom: .now)
            let url = JSON.string("\(state.baseURL)/cdn/images/\(id)")
            return APIResponse(json: [
                "id": .string(id), "url": url, "content_type": .string(file.contentType), "height": 480, "width": 640,
                "name": .string(file.name),
                "thumbnail": ["url": url, "content_type": .string(file.contentType), "height": 120, "width": 160],
            ])
        }
    }

    func uploadFile(_ request: APIRequest) throws -> APIResponse {
        let file = try uploaded(request, field: "file")
        return state.withLock { state in
            let hash = state.random.hex(bytes: 32)
            let isScanned = state.knobs.scanMilliseconds <= 0
            state.uploads[hash] = FreshchatUpload(
                bytes: file.bytes, contentType: file.contentType, name: file.name,
                safeFrom: Timestamp.now.adding(milliseconds: Int64(state.knobs.scanMilliseconds)))
            return APIResponse(json: [
                "file_hash": .string(hash), "file_security_status": isScanned ? "SAFE_FILE" : "AV_PENDING",
                "file_name": .string(file.name), "file_size": .integer(Int64(file.bytes.count)),
                "file_content_type": .string(file.contentType),
            ])
        }
    }

    private func uploaded(_ request: APIRequest, field: String) throws(FreshchatError) -> MultipartPart {
        guard let parts = MultipartPart.parts(of: request.body, contentType: request.headers[.contentType] ?? "") else {
            throw .invalid("the body is not multipart/form-data")
        }
        guard let part = parts.first(where: { $0.field == field }) else { throw .invalid("field \(field) is missing") }
        guard !part.bytes.isEmpty else { throw .invalid("field \(field) is empty") }
        guard part.bytes.count <= Self.uploadLimit else {
            throw FreshchatError(code: 413, status: "INVALID_VALUE", message: "the file is larger than 25 MB")
        }
        return part
    }

    func cdn(_ path: String) -> APIResponse {
        let key = path.hasPrefix("/cdn/files/") ? String(path.dropFirst("/cdn/files/".count)) : path
        guard let upload = state.withLock({ $0.uploads[key] }) else { return APIResponse(status: 404) }
        return APIResponse(headers: [.contentType: upload.contentType], body: upload.bytes)
    }

    /// Puts a file on the CDN, as if an agent had attached it; returns its URL.
    package func attach(_ bytes: [UInt8], contentType: String) -> String {
        state.withLock { state in
            let path = "/cdn/images/\(state.random.hex(bytes: 16))"
            state.uploads[path] = FreshchatUpload(bytes: bytes, contentType: contentType, name: "", safeFrom: .now)
            return state.baseURL + path
        }
    }
}
