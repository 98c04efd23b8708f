package import Hummingbird
package import Logging

/// What the environment says. There is nothing secret in it: no key, and nothing to protect the database with.
package struct Settings: Sendable {
    package var host = "127.0.0.1"
    package var port = 8080
    /// The path of the SQLite file.
    package var database = "registration.sqlite"
    /// The name of Signet's profile. Where the daemon listens, `SIGNET_SOCKET` tells the client itself.
    package var profile = "registration"
    /// The binary logarithm of scrypt's N.
    package var passwordCost = 15
    package var logLevel = Logger.Level.info
    /// What the page asks people to type.
    package var rotateCommand = "sudo signet key rotate registration --reload"

    /// - Throws: `InvalidSetting` for a value that has no meaning.
    package init(_ environment: Environment) throws(InvalidSetting) {
        if let text = environment.get("REGISTRATION_HOST") { host = text }
        port = try Self.number(environment, "REGISTRATION_PORT", 0...65_535) ?? port
        if let text = environment.get("REGISTRATION_DATABASE") { database = text }
        if let text = environment.get("REGISTRATION_PROFILE") { profile = text }
        passwordCost = try Self.number(environment, "REGISTRATION_PASSWORD_COST", 10...20) ?? passwordCost
        if let text = environment.get("REGISTRATION_ROTATE_COMMAND") { rotateCommand = text }
        if let text = environment.get("LOG_LEVEL") {
            guard let level = Logger.Level(rawValue: text) else {
                throw InvalidSetting(name: "LOG_LEVEL", expected: "one of trace, debug, info, warning, error")
            }
            logLevel = level
        }
    }

    private static func number(
        _ environment: Environment, _ name: String, _ range: ClosedRange<Int>
    ) throws(InvalidSetting) -> Int? {
        guard let text = environment.get(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw InvalidSetting(name: name, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

/// A variable of the environment that has no meaning.
package struct InvalidSetting: Error, Equatable, CustomStringConvertible {
    package let name: String
    package let expected: String

    package var description: String { "\(name) must be \(expected)" }
}
