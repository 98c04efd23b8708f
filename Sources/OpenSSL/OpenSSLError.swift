internal import CLibCrypto

/// A call of OpenSSL that failed. Holds the call's name and OpenSSL's reason, never data.
package struct OpenSSLError: Error, Equatable, Sendable, CustomStringConvertible {
    package let call: String
    package let reason: String?

    package var description: String { "\(call) failed" + (reason.map { ": \($0)" } ?? "") }

    /// The failure of `call` because the arena was full.
    static func lackOfMemory(_ call: String) -> OpenSSLError {
        OpenSSLError(call: call, reason: "\(SecretMemoryError.exhausted)")
    }

    /// The failure of `call`, with the reason that OpenSSL left on this thread's error queue, which is emptied.
    static func last(_ call: String) -> OpenSSLError {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        // Reason: a constant string of OpenSSL's tables, or NULL.
        guard code != 0, let text = unsafe ERR_reason_error_string(code) else {
            return OpenSSLError(call: call, reason: nil)
        }
        return OpenSSLError(call: call, reason: unsafe String(cString: text))
    }
}
