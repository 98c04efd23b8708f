/// Why a command ends without success: what standard error says, and the exit status.
struct Failure: Error {
    let message: String
    let status: Int32

    /// Anything but an invalid token.
    init(_ message: String) {
        self.message = message
        status = 2
    }

    /// All was done, and something wants attention.
    init(attention message: String) {
        self.message = message
        status = 1
    }

    /// A token that is not valid.
    init(invalidToken message: String) {
        self.message = message
        status = 1
    }
}
