import JOSE
import StrictJSON

extension Settings {
    /// What is allowed but probably not meant, each as `FILE:LINE:COLUMN: message`.
    ///
    /// - Parameters:
    ///   - main: Name of the main file.
    ///   - isWhole: Whether no file is broken; else what is missing here may stand there.
    func warnings(main: String, isWhole: Bool) -> [String] {
        var warnings: [String] = []
        if isWhole {
            if profiles.isEmpty { warnings.append("\(main):1:1: no profile is defined: nobody can have a token") }
            let used = Set(profiles.map(\.keyring))
            for ring in keyrings where !used.contains(ring.name) {
                warnings.append("\(ring.position): no profile uses \(ring.title)")
            }
        }
        for profile in profiles {
            if profile.allow.isEmpty {
                warnings.append(
                    "\(profile.position): nobody may use \(profile.title): it has no "
                        + "[[profile.\(profile.name.text).allow]]")
            }
            guard case .named(let allowed) = profile.allowedClaims else { continue }
            let fixed = Set(profile.fixedClaims.map { ClaimName($0.name) })
            for name in allowed where fixed.contains(ClaimName(name)) {
                warnings.append(
                    "\(profile.position): \(profile.title) allows callers the claim \(name.quoted), but it is a fixed "
                        + "claim")
            }
        }
        return warnings
    }
}
