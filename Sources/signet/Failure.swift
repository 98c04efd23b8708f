/// Why a command ends without success: what standard error says, and the exit status.
struct Failure: Error {
    let message: String
    let status: Int32
    /// What to do next, a line each, for people alone. No token and no value of a claim.
    let hints: [String]

    /// Anything but an invalid token.
    init(_ message: String, hints: [String] = []) {
        self.message = message
        self.hints = hints
        status = 2
    }

    /// All was done, and something wants attention.
    init(attention message: String) {
        self.message = message
        hints = []
        status = 1
    }

    /// A token that is not valid.
    init(invalidToken message: String) {
        self.message = message
        hints = []
        status = 1
    }
}
