package import Hummingbird

/// What is known of a request on its way.
package struct AccountContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The user of the token that the request carries; behind `BearerMiddleware` there is one.
    package var verifiedUser: VerifiedUser?

    package init(source: Source) { coreContext = .init(source: source) }

    /// No form is longer.
    package var maxUploadSize: Int { 16_384 }

    /// - Throws: The problem that there is no token.
    func requireUser() throws(Problem) -> VerifiedUser {
        guard let verifiedUser else { throw .noToken }
        return verifiedUser
    }
}
