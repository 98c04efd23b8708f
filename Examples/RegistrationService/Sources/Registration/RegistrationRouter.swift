package import Hummingbird

/// All that the service answers. What it needs is handed in, so that tests can hand in something else.
package struct RegistrationRouter: Sendable {
    package let users: UserStore
    package let passwords: PasswordCheck
    package let tokens: any TokenService
    package let verifier: any TokenVerifier
    package let rotateCommand: String

    package init(
        users: UserStore, passwords: PasswordCheck, tokens: any TokenService, verifier: any TokenVerifier,
        rotateCommand: String = "signet key rotate registration --reload"
    ) {
        self.users = users
        self.passwords = passwords
        self.tokens = tokens
        self.verifier = verifier
        self.rotateCommand = rotateCommand
    }

    package func build() -> Router<AccountContext> {
        let router = Router(context: AccountContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: SecurityHeaders())
        router.add(middleware: ProblemMiddleware())
        Page(rotateCommand: rotateCommand).addRoutes(to: router)

        let account = AccountRoutes(users: users, passwords: passwords, tokens: tokens)
        let bearer = BearerMiddleware(verifier: verifier)
        router.group("api/account")
            .post("register", use: account.register)
            .post("login", use: account.login)
        router.group("api/account").add(middleware: bearer)
            .get("me", use: account.me)
        router.group("api/admin").add(middleware: bearer)
            .get("users", use: AdminRoutes(users: users).list)
        return router
    }
}
