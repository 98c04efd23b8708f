package import Authorization
internal import StrictJSON
internal import Synchronization

/// What the system's database said of callers, kept for the life of a snapshot: after a reload it is asked anew.
///
/// Loops only look here. Who is not here is looked up elsewhere (`AccountLookup`), since the database may ask a network.
final class Accounts: Sendable {
    enum Answer: Equatable {
        /// As far as the database knows the user.
        case account(Account)
        /// The database could not be asked.
        case failure
    }

    private struct Entry {
        let answer: Answer
        /// When it is to be asked for again, on the clock that never steps.
        let expires: UInt64
    }

    private let entries = Mutex<[Account.Key: Entry]>([:])

    /// How many users are remembered. At one more, all are forgotten: they are looked up again when they ask again.
    static let mostEntries = 4_096
    /// Nanoseconds after which what was missing is looked for again: a user may have got a name, the database be back.
    static let patience: UInt64 = 5_000_000_000

    /// nil: to be looked up.
    func answer(for key: Account.Key, at now: UInt64) -> Answer? {
        entries.withLock { entries in
            guard let entry = entries[key], now < entry.expires else { return nil }
            return entry.answer
        }
    }

    func keep(_ answer: Answer, for key: Account.Key, at now: UInt64) {
        let isWhole = if case .account(let account) = answer { account.isWhole } else { false }
        let entry = Entry(answer: answer, expires: isWhole ? .max : now + Self.patience)
        entries.withLock { entries in
            if entries.count >= Self.mostEntries, entries[key] == nil { entries.removeAll() }
            entries[key] = entry
        }
    }
}

/// A question to the system's database that a request waits for. To be carried out away from the loops.
package struct AccountLookup: Sendable {
    let key: Account.Key
    let accounts: Accounts
    /// The request's line, to be answered when the look-up has been carried out.
    package let line: [UInt8]

    init(_ key: Account.Key, in accounts: Accounts, for line: Span<UInt8>) {
        self.key = key
        self.accounts = accounts
        var copy: [UInt8] = []
        copy.append(line)
        self.line = copy
    }

    /// Asks, unless an earlier look-up has brought the answer meanwhile.
    ///
    /// - Parameters:
    ///   - now: Nanoseconds on the clock of `Moment`.
    ///   - find: Asks the database; nil when that fails. Of an unknown user it says what it was asked by.
    package func carryOut(at now: () -> UInt64, _ find: (Account.Key) -> Account?) {
        guard accounts.answer(for: key, at: now()) == nil else { return }
        let account = find(key)
        accounts.keep(account.map { .account($0) } ?? .failure, for: key, at: now())
    }
}
