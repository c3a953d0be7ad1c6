/// What the parts of a message must look like when they are sent (freshchat.md §1.10).
struct FreshchatPartRules {
    let knobs: FreshchatKnobs

    private static let replyKinds: Set<String> = [
        "quick_reply_button", "callback", "url_button", "collection", "template_content",
    ]

    func check(parts: [JSON], replyParts: [JSON]) throws(FreshchatError) {
        guard !parts.isEmpty else { throw .invalid("message_parts is empty") }
        if knobs.maximumParts > 0, parts.count > knobs.maximumParts { throw .invalid("too many message_parts") }
        for part in parts {
            let kind = try Self.kind(of: part)
            guard knobs.partKinds.contains(kind) else { throw .invalid("Fragment not supported in conversation") }
            try check(part, kind)
        }
        for part in replyParts {
            let kind = try Self.kind(of: part)
            guard Self.replyKinds.contains(kind) else { throw .invalid("Fragment not supported in conversation") }
            try check(part, kind)
        }
    }

    /// The one key of a part; the other kinds' keys may be there as null.
    static func kind(of part: JSON) throws(FreshchatError) -> String {
        guard let members = part.object?.members.filter({ !$0.value.isNull }), members.count == 1,
            let member = members.first
        else { throw .invalid("a part must have exactly one key that isn't null") }
        return member.key
    }

    private func check(_ part: JSON, _ kind: String) throws(FreshchatError) {
        let content = part[kind] ?? .null
        switch kind {
        case "text":
            let text = try StrictBody(content, kind, only: ["content"]).required("content")
            if knobs.maximumTextLength > 0, text.count > knobs.maximumTextLength { throw .invalid("text is too long") }
        case "image":
            let image = try StrictBody(content, kind, only: ["url"])
            guard let url = try image.string("url"), !url.isEmpty else { throw .invalid("IMAGE_EMPTY_CONTENT") }
        case "video":
            let video = try StrictBody(content, kind, only: ["url", "content_type"])
            _ = try video.required("url")
            _ = try video.string("content_type")
        case "file":
            try checkFile(content)
        case "url_button":
            let button = try StrictBody(content, kind, only: ["label", "url", "target"])
            _ = try button.required("label")
            _ = try button.required("url")
            if let target = try button.string("target"), !["_self", "_blank"].contains(target) {
                throw .invalid("url_button.target is not known")
            }
        case "quick_reply_button":
            let button = try StrictBody(
                content, kind, only: ["label", "custom_reply_text", "payload", "display_order", "type"])
            _ = try button.required("label")
        case "callback":
            let button = try StrictBody(content, kind, only: ["label", "payload"])
            _ = try button.required("label")
            _ = try button.required("payload")
        case "reference":
            let reference = try StrictBody(content, kind, only: ["label", "reference_id", "placeholder_reference_id"])
            _ = try reference.required("label")
        case "collection":
            let collection = try StrictBody(content, kind, only: ["sub_parts"])
            guard let parts = try collection.array("sub_parts"), !parts.isEmpty else {
                throw .invalid("collection.sub_parts is missing")
            }
            for part in parts { try check(part, try Self.kind(of: part)) }
        case "template_content":
            let template = try StrictBody(content, kind, only: ["type", "sections"])
            guard ["carousel", "carousel_card_default", "quick_reply_dropdown"].contains(try template.required("type"))
            else { throw .invalid("template_content.type is not known") }
            guard try template.array("sections") != nil else { throw .invalid("template_content.sections is missing") }
        default:
            throw .invalid("Fragment not supported in conversation")
        }
    }

    /// A file by URL or by the hash of an upload; both spellings of the other members.
    private func checkFile(_ content: JSON) throws(FreshchatError) {
        let file = try StrictBody(
            content, "file",
            only: [
                "url", "name", "contentType", "content_type", "file_size_in_bytes", "fileHash", "fileSource",
                "file_extension",
            ])
        if let hash = try file.string("fileHash"), !hash.isEmpty {
            guard ["FRESHCHAT", "FRESHBOTS"].contains(try file.string("fileSource") ?? "") else {
                throw .invalid("file.fileSource is not known")
            }
        } else {
            _ = try file.required("url")
        }
        _ = try file.required("name")
    }
}
