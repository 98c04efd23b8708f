internal import Authorization
internal import StrictJSON
internal import WireProtocol

/// What is at hand of a caller's account for the fixed claims of a profile.
enum CallerAccount {
    /// The profile says nothing for which it is needed, or there is none to look up.
    case none
    case known(Accounts.Answer)
    case lacking(AccountLookup)
}

extension Worker {
    /// The account of whom a token will speak, as far as it is needed and was looked up.
    func account(
        of identity: Identity, for served: ServedProfile, _ line: Span<UInt8>, at now: Moment
    ) -> CallerAccount {
        guard served.holes.contains(where: { $0.value.needsAccount(of: identity) }), let key = Account.Key(identity)
        else { return .none }
        let accounts = signing.snapshot.accounts
        if let answer = accounts.answer(for: key, at: now.monotonicNanoseconds) { return .known(answer) }
        return .lacking(AccountLookup(key, in: accounts, for: line))
    }
}

extension ServedProfile {
    /// What fills the holes of the fixed claims for a caller.
    ///
    /// - Throws: `claims_rejected`, naming the claim and what is missing; `internal` when it cannot be known just now.
    func values(of identity: Identity, _ account: CallerAccount) throws(Refusal) -> [ByteString] {
        if holes.isEmpty { return [] }
        var found: Account?
        switch account {
        case .known(.account(let account)): found = account
        case .known(.failure):
            throw Refusal(.internal, "the system's database of users and groups cannot be asked just now")
        case .none, .lacking: break
        }
        return try holes.map { (hole) throws(Refusal) in
            do throws(CallerValue.Absence) { return try hole.value.text(of: identity, found) } catch {
                throw Refusal(
                    .claimsRejected,
                    "the fixed claim \(hole.claim.quoted) needs \(hole.value.explanation(error))")
            }
        }
    }
}
