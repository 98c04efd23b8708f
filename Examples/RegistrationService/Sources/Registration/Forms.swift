/// What `POST /api/account/register` takes. Members may be missing, so that the answer can name all that is wrong at once.
struct RegistrationForm: Decodable {
    static let shortestPassword = 12
    static let longestPassword = 128
    static let userNameLengths = 3...32
    /// RFC 5321 section 4.5.3.1.3, without the angle brackets.
    static let longestEmail = 254

    let userName: String?
    let email: String?
    let password: String?

    /// The three, when each is good.
    /// - Throws: A problem that names each field that is not.
    func checked() throws(Problem) -> (userName: String, email: String, password: String) {
        let wrong = [wrongInUserName, wrongInEmail, wrongInPassword].compactMap(\.self)
        guard wrong.isEmpty, let userName, let email, let password else { throw .invalidFields(wrong) }
        return (userName, email, password)
    }

    private var wrongInUserName: FieldProblem? {
        guard let userName, !userName.isEmpty else { return .missing("userName") }
        let isPlain = userName.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isPlain, Self.userNameLengths.contains(userName.utf8.count) else {
            return FieldProblem(field: "userName", message: "3 to 32 letters, digits, dots, dashes and underscores")
        }
        return nil
    }

    private var wrongInEmail: FieldProblem? {
        guard let email, !email.isEmpty else { return .missing("email") }
        let parts = email.split(separator: "@", omittingEmptySubsequences: false)
        let isPlain = email.unicodeScalars.allSatisfy {
            $0.value > 0x20 && $0.value != 0x7F && !$0.properties.isWhitespace
        }
        guard isPlain, email.utf8.count <= Self.longestEmail, parts.count == 2, !parts[0].isEmpty,
            parts[1].split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ !$0.isEmpty })
        else { return FieldProblem(field: "email", message: "this is no e-mail address") }
        return nil
    }

    /// Length counts, not a mixture of signs (NIST SP 800-63B section 3.1.1.2).
    private var wrongInPassword: FieldProblem? {
        guard let password, !password.isEmpty else { return .missing("password") }
        func wrong(_ message: String) -> FieldProblem { FieldProblem(field: "password", message: message) }
        if password.count < Self.shortestPassword { return wrong("at least \(Self.shortestPassword) characters") }
        if password.utf8.count > 4 * Self.longestPassword || password.count > Self.longestPassword {
            return wrong("at most \(Self.longestPassword) characters")
        }
        if Set(password).count < 5 { return wrong("at least 5 different characters") }
        let lowercased = password.lowercased()
        for known in [userName, email].compactMap({ $0?.lowercased() })
        where known.count > 3 && lowercased.contains(known) {
            return wrong("must not hold your name or address")
        }
        return nil
    }
}

/// What `POST /api/account/login` takes.
struct LoginForm: Decodable {
    let userName: String?
    let password: String?

    /// - Throws: A problem that names what is missing.
    func checked() throws(Problem) -> (userName: String, password: String) {
        let missing = [("userName", userName), ("password", password)].filter { $0.1?.isEmpty ?? true }
        guard missing.isEmpty, let userName, let password else { throw .invalidFields(missing.map { .missing($0.0) }) }
        // No password is so long, and each byte costs time.
        guard password.utf8.count <= 4 * RegistrationForm.longestPassword else { throw .wrongPassword }
        return (userName, password)
    }
}
