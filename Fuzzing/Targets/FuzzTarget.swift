/// What is fuzzed. The fuzzer and the tests call the same functions: `FuzzRun`.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case strictJSON = "strict-json"
    case foundationJSON = "foundation-json"
    case base64URL = "base64url"
    case requestLine = "request-line"
    case token
    case jwk
    case pem
    case toml
    case cgroup
    case jwe

    /// Whether the surroundings allow `cgroup`.
    package static var hasCgroups: Bool { Cgroups.hierarchy != nil }
}

/// A promise that an input has broken.
package struct Finding: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// Ends the input's examination when a promise does not hold.
func require(_ holds: Bool, _ promise: @autoclosure () -> String) throws(Finding) {
    guard holds else { throw Finding(promise()) }
}
