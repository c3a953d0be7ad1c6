import HTTPTypes

extension Page {
    /// The first page.
    static let overview = Page(.get, "/", in: .overview) { _, desk in
        .page(PageContent(.overview, title: desk.texts.overview.title, OverviewView()))
    }
}

extension Template {
    fileprivate static let overview = Template("overview", PackageResources.overview_mustache)
}

private struct OverviewView: Sendable {}
