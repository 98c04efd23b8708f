import Foundation
import SigningService
import Testing

@Suite("Log lines and entries of the journal") struct LogLineTests {
    /// The lines of these messages, one behind another.
    private func lines(_ form: LogLine.Form, _ messages: [String]) -> [UInt8] {
        var line = LogLine(form)
        var bytes: [UInt8] = []
        for message in messages {
            line.begin(Array(message.utf8).span, .warning, .refused)
            line.add(Array("uid".utf8).span, Array("1000".utf8).span)
            line.add(Array("reason".utf8).span, Array("a \"b\"\nSIGNET_UID=0".utf8).span)
            line.append(to: &bytes)
        }
        return bytes
    }

    @Test("As text it is one line, whatever a message or a value holds")
    func text() {
        let text = String(decoding: lines(.text, ["refused", "a\nb"]), as: UTF8.self)
        let fields = #"uid=1000 reason="a \"b\"\x0aSIGNET_UID=0""#
        #expect(text == "signetd: warning: refused \(fields)\nsignetd: warning: a?b \(fields)\n")
    }

    @Test("As entries, one is found behind another, each with its message, priority, event and fields as they are")
    func entries() {
        let bytes = lines(.journal, ["refused", "a\nb"])
        var offset = 0
        for message in ["refused", "a?b"] {
            let entry = LogLine.entry(at: offset, in: bytes.span)
            #expect(
                entry.fields.map { String(decoding: bytes[$0], as: UTF8.self) } == [
                    #"MESSAGE=\#(message) uid=1000 reason="a \"b\"\x0aSIGNET_UID=0""#, "PRIORITY=4",
                    "MESSAGE_ID=\(ServiceEvent.refused.messageID)", "SIGNET_UID=1000",
                    "SIGNET_REASON=a \"b\"\nSIGNET_UID=0",
                ])
            offset = entry.end
        }
        #expect(offset == bytes.count)
    }

    @Test("Each event has an id of its own, of 128 bits, and the catalog explains it and no other")
    func identities() throws {
        let identities = ServiceEvent.allCases.map { "\($0.messageID)" }
        #expect(Set(identities).count == identities.count)
        let catalog = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "systemd/signet.catalog")
        let explained = try String(contentsOf: catalog, encoding: .utf8).matches(of: #/\n-- ([0-9a-f]{32})\nSubject: /#)
        #expect(explained.map { String($0.1) }.sorted() == identities.sorted())
        for identity in identities { #expect(identity.wholeMatch(of: #/[0-9a-f]{32}/#) != nil, "\(identity)") }
    }
}
