import CGumbo

/// HTML as libgumbo parses it, which is how browsers do. Valid only during the call that lends it.
struct HTMLTree {
    private let root: UnsafePointer<GumboNode>

    /// Parses what would be between `<div>` and `</div>`.
    static func parse<Value>(_ html: [UInt8], _ body: (HTMLTree) -> Value) -> Value? {
        let arena = Arena()
        var options = GumboOptions()
        // As `kGumboDefaultOptions`, except for the memory's source, the errors (none kept) and the fragment.
        options.allocator = { arena, size in
            arena.map { Unmanaged<Arena>.fromOpaque($0).takeUnretainedValue().allocate(size) }
        }
        options.deallocator = { _, _ in }
        options.userdata = Unmanaged.passUnretained(arena).toOpaque()
        options.tab_stop = 8
        options.max_errors = 0
        options.fragment_context = GUMBO_TAG_DIV
        options.fragment_namespace = GUMBO_NAMESPACE_HTML
        return withExtendedLifetime(arena) {
            html.withUnsafeBytes { bytes in
                // Without `gumbo_destroy_output`, which is recursive and leaks some strings: the arena frees the memory.
                let output = gumbo_parse_with_options(&options, bytes.baseAddress, bytes.count)
                return output?.pointee.root.map { body(HTMLTree(root: UnsafePointer($0))) }
            }
        }
    }

    /// Gives every element and text in its order.
    ///
    /// - Parameters:
    ///   - enter: returns whether to descend into the element.
    ///   - leave: not called for an element that wasn't entered.
    func walk(enter: (HTMLElement) -> Bool, text: (String) -> Void = { _ in }, leave: (HTMLElement) -> Void = { _ in })
    {
        // Without recursion: the depth can grow with the text's length, and stacks are short.
        var path: [(node: UnsafePointer<GumboNode>, next: Int)] = [(root, 0)]
        while let (node, next) = path.last {
            let children = node.pointee.v.element.children
            guard next < Int(children.length), let child = children.data[next] else {
                path.removeLast()
                if !path.isEmpty { leave(HTMLElement(node: node)) }
                continue
            }
            path[path.count - 1].next += 1
            // A vector of nodes holds pointers to nodes (gumbo.h).
            let inner = UnsafePointer(child.assumingMemoryBound(to: GumboNode.self))
            switch inner.pointee.type {
            case GUMBO_NODE_ELEMENT, GUMBO_NODE_TEMPLATE:
                if enter(HTMLElement(node: inner)) { path.append((inner, 0)) }
            case GUMBO_NODE_TEXT, GUMBO_NODE_WHITESPACE, GUMBO_NODE_CDATA:
                text(String(cString: inner.pointee.v.text.text))
            default: break
            }
        }
    }
}

/// An element, valid during the walk.
struct HTMLElement {
    fileprivate let node: UnsafePointer<GumboNode>

    var tag: GumboTag { node.pointee.v.element.tag }

    func attribute(_ name: String) -> String? {
        withUnsafePointer(to: node.pointee.v.element.attributes) { attributes in
            gumbo_get_attribute(attributes, name).map { String(cString: $0.pointee.value) }
        }
    }

    /// The value of its first attribute.
    var firstValue: String? {
        let attributes = node.pointee.v.element.attributes
        guard attributes.length > 0, let first = attributes.data[0] else { return nil }
        // A vector of attributes holds pointers to attributes (gumbo.h).
        return String(cString: first.assumingMemoryBound(to: GumboAttribute.self).pointee.value)
    }

    /// The number of direct children with this tag.
    func count(of tag: GumboTag) -> Int {
        let children = node.pointee.v.element.children
        return (0..<Int(children.length)).count { index in
            guard let child = children.data[index]?.assumingMemoryBound(to: GumboNode.self) else { return false }
            return child.pointee.type == GUMBO_NODE_ELEMENT && child.pointee.v.element.tag == tag
        }
    }

    /// Whether it is an element unknown to HTML, with this lower-case name.
    func isUnknown(named name: String) -> Bool {
        guard tag == GUMBO_TAG_UNKNOWN else { return false }
        var original = node.pointee.v.element.original_tag
        gumbo_tag_from_original_text(&original)
        return UnsafeBufferPointer(start: original.data, count: original.length)
            .elementsEqual(name.utf8) { UInt8(bitPattern: $0) | 0x20 == $1 }
    }
}

/// Memory that is freed all at once.
private final class Arena {
    private var blocks: [UnsafeMutableRawPointer] = []
    private var next: UnsafeMutableRawPointer?
    private var room = 0

    deinit { for block in blocks { block.deallocate() } }

    func allocate(_ size: Int) -> UnsafeMutableRawPointer {
        let size = (max(size, 1) + 15) & ~15
        if let next, size <= room {
            self.next = next + size
            room -= size
            return next
        }
        let block = UnsafeMutableRawPointer.allocate(byteCount: max(size, 32 << 10), alignment: 16)
        blocks.append(block)
        // The rest of a block serves the next requests.
        next = block + size
        room = max(size, 32 << 10) - size
        return block
    }
}
