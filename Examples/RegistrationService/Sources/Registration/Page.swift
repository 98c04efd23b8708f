import Hummingbird

/// The page at `/` and its two files, which are part of the program.
struct Page: Sendable {
    /// What the page asks people to type to change the key.
    let rotateCommand: String

    /// Nothing but our own files, and no script or style within the page.
    static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
        base-uri 'none'; form-action 'none'; frame-ancestors 'none'
        """

    func addRoutes(to router: Router<AccountContext>) {
        let html = String(decoding: PackageResources.index_html, as: UTF8.self)
            .replacing("ROTATE-COMMAND", with: rotateCommand.escapedForHTML)
        add("/", Array(html.utf8), "text/html", to: router)
        add("/page.js", PackageResources.page_js, "text/javascript", to: router)
        add("/page.css", PackageResources.page_css, "text/css", to: router)
        add("/icon.svg", PackageResources.icon_svg, "image/svg+xml", to: router)
    }

    private func add(_ path: RouterPath, _ bytes: [UInt8], _ type: String, to router: Router<AccountContext>) {
        let body = ByteBuffer(bytes: bytes)
        router.get(path) { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "\(type); charset=utf-8", .cacheControl: "no-cache"],
                body: .init(byteBuffer: body))
        }
    }
}

extension String {
    fileprivate var escapedForHTML: String {
        replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
    }
}

/// Tells browsers what no answer of ours may do.
struct SecurityHeaders: RouterMiddleware {
    func handle(
        _ request: Request, context: AccountContext, next: (Request, AccountContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.contentSecurityPolicy] = Page.policy
        response.headers[.xContentTypeOptions] = "nosniff"
        return response
    }
}
