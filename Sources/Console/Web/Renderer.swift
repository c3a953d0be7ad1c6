import Mustache

/// A template, compiled into the programme from a file in `Templates/`.
struct Template: Sendable {
    let name: String
    private let parsed: Result<MustacheTemplate, any Error>

    init(_ name: String, _ bytes: [UInt8]) {
        self.name = name
        parsed = Result { try MustacheTemplate(string: String(decoding: bytes, as: UTF8.self)) }
    }

    func get() throws -> MustacheTemplate { try parsed.get() }

    static let problem = Template("problem", PackageResources.problem_mustache)
    static let layout = Template("layout", PackageResources.layout_mustache)
    /// The partials that templates include by name, as `{{> copy}}`.
    static let partials: [Template] = [
        Template("copy", PackageResources.copy_mustache),
        Template("field", PackageResources.field_mustache),
        Template("problems", PackageResources.problems_mustache),
        Template("steps", PackageResources.steps_mustache),
        Template("checks", PackageResources.checks_mustache),
        Template("standing", PackageResources.standing_mustache),
        Template("wait", PackageResources.wait_mustache),
        Template("findings", PackageResources.findings_mustache),
        Template("addresses", PackageResources.addresses_mustache),
        Template("topics", PackageResources.topics_mustache),
    ]
}

/// A page's content with what the layout needs.
struct Frame {
    var content: PageContent
    var section: Section?
    var csrf: String
    var isSignedIn: Bool
}

/// Draws pages into the layout.
struct Renderer: Sendable {
    let settings: ConsoleSettings
    let texts = Texts()
    private let library: Result<MustacheLibrary, any Error>

    init(settings: ConsoleSettings) {
        self.settings = settings
        library = Result {
            var library = MustacheLibrary()
            for partial in Template.partials { library.register(try partial.get(), named: partial.name) }
            return library
        }
    }

    /// The values that every template can read, besides its page's own context.
    private struct Common {
        struct Item {
            var label: String
            var href: String
            var isCurrent: Bool
        }

        var title: String
        /// In front of a page's path in each link.
        var home: String
        var csrf: String
        var isSignedIn: Bool
        var navigation: [Item]
        var style: String
        var script: String
        var icon: String
        var refreshSeconds: Int?
        var texts: Texts
        var page: any Sendable
        var main = ""
    }

    func render(_ frame: Frame) throws -> [UInt8] {
        let library = try library.get()
        var common = Common(
            title: frame.content.title, home: settings.home, csrf: frame.csrf, isSignedIn: frame.isSignedIn,
            navigation: Section.allCases.map {
                .init(
                    label: texts.navigation.label($0), href: settings.link($0.path), isCurrent: $0 == frame.section)
            },
            style: settings.home + Asset.style.path, script: settings.home + Asset.script.path,
            icon: settings.home + Asset.icon.path, refreshSeconds: frame.content.refreshSeconds, texts: texts,
            page: frame.content.context)
        var withPage = library
        withPage.register(try frame.content.template.get(), named: "page")
        common.main = try Self.around.get().render(common, library: withPage)
        return Array(try Template.layout.get().render(common, library: library).utf8)
    }

    /// The page's context in front of the common one.
    private static let around = Template("around", Array("{{#page}}{{> page}}{{/page}}".utf8))
}
