@testable import Daemon
import Logging
import SigningService
import Synchronization
import Testing

@Suite("Log lines") struct ServiceLogTests {
    private func line(_ level: Logger.Level, _ message: String, _ fields: Logger.Metadata = [:]) -> String {
        String(decoding: ServiceLog.line(.text, level, message, fields), as: UTF8.self)
    }

    @Test("From warnings on a line names its level, and it is one line whatever the message holds")
    func messages() {
        #expect(line(.info, "listening") == "signetd: listening\n")
        #expect(line(.warning, "a\nb\u{7F}") == "signetd: warning: a?b?\n")
        #expect(line(.error, "no \"key\"") == "signetd: error: no \"key\"\n")
    }

    @Test("Fields stand in their order, unknown ones behind by name, and no value can break out")
    func fields() {
        let fields: Logger.Metadata = [
            "zebra": "1", "reason": "you may not sign with profile \"web\"", "code": "not_permitted", "uid": "1000",
            "op": "sign", "profile": "a\nsignetd: signed uid=0", "ant": "", "pid": "12",
            "unit": "register.service", "time": "1800000000",
        ]
        #expect(
            line(.warning, "refused", fields)
                == #"signetd: warning: refused time=1800000000 op=sign uid=1000 unit=register.service pid=12 "#
                + #"profile="a\x0asignetd: signed uid=0" code=not_permitted "#
                + #"reason="you may not sign with profile \"web\"" ant="" zebra=1"# + "\n")
    }

    @Test("A logger's own fields and those of a message come together; the message's win")
    func merging() {
        let taken = Taken()
        var logger = Logger(label: "test") { _ in ServiceLog(.text) { taken.add($0) } }
        logger[metadataKey: "uid"] = "1"
        logger[metadataKey: "op"] = "sign"
        logger.info("refused", metadata: ["uid": "2"])
        #expect(taken.text == "signetd: refused op=sign uid=2\n")
    }

    private final class Taken: Sendable {
        private let bytes = Mutex<[UInt8]>([])
        var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
        func add(_ line: [UInt8]) { bytes.withLock { $0 += line } }
    }
}
