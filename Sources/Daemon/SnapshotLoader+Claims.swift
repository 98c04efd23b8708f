internal import Authorization
internal import SignetConfiguration
internal import StrictJSON

extension SnapshotLoader {
    /// The fixed claims of a profile, with the host's name filled in. Where that is not fit for a token it stays open, and
    /// the report says that the profile can sign nothing.
    func fixedClaims(_ profile: ProfileSettings, _ report: inout Report) -> [Authorization.FixedClaim] {
        let hostName = hostName.map { ByteString($0) }.flatMap { CallerValue.isFit($0) ? $0 : nil }
        return profile.fixedClaims.map { claim in
            if hostName == nil, claim.value.contains(.template(.hostname)) {
                report.warnings.append(
                    "\(profile.position): the fixed claim \(claim.name.quoted) needs "
                        + "\(CallerValue.hostname.explanation(.unknown)): profile \(profile.name.quoted) signs nothing")
            }
            let pieces = claim.value.map { piece -> Authorization.FixedClaim.Piece in
                switch piece {
                case .json(let json): .json(json)
                case .template(.hostname): hostName.map { .json($0.bytes) } ?? .caller(.hostname)
                case .template(.user): .caller(.user)
                case .template(.uid): .caller(.uid)
                case .template(.group): .caller(.group)
                case .template(.gid): .caller(.gid)
                case .template(.unit): .caller(.unit)
                }
            }
            return Authorization.FixedClaim(name: claim.name, value: pieces)
        }
    }
}
