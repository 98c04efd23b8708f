import SignetConfiguration
import JOSE
import Testing

/// What every test here starts from: one ring, one profile.
let soundProfile = """
    [keyring.default]
    algorithm = "HS512"
    [profile.default]
    issuer = "https://auth.example.com"
    audiences = ["https://api.example.com", "b"]
    """

func decode(
    _ text: String, directory: String = "/etc/signet"
) throws(ConfigurationError) -> (settings: Settings, warnings: [String]) {
    let decoded = try Settings.decode(
        main: SourceFile(Array(text.utf8), name: "dir/signetd.toml", directory: directory))
    return (decoded.settings, decoded.warnings)
}

/// The algorithms there are, as messages list them.
let knownAlgorithms = Algorithm.allCases.map { "\"\($0.name)\"" }.joined(separator: ", ")

/// What is wrong with a file, each as `LINE:COLUMN: message`; empty when nothing is.
func problems(_ text: String) -> [String] {
    do throws(ConfigurationError) {
        _ = try decode(text)
        return []
    } catch {
        return error.problems.map { String($0.description.dropFirst("dir/signetd.toml:".count)) }
    }
}

/// The settings of `soundProfile` with `lines` added to its profile.
func profile(_ lines: String) throws -> ProfileSettings {
    try #require(try decode(soundProfile + "\n" + lines).settings.profiles.first)
}
