import Foundation
import Testing

@Suite("Who watches over the tests")
struct TestWatchTests {
    private let folder: Workshop

    init() throws { folder = try Workshop() }

    /// Runs `Tests/run` with a program in place of `swift` that writes what its tests report, then does as it is told.
    private func run(
        _ events: [String], then command: String, patience: Int = 3_600, grace: Int = 3_600
    ) throws -> Program {
        let swift = folder.path("swift")
        let records = events.map { #"{"kind":"event","payload":\#($0)}"# }.joined(separator: "\n")
        // Called as: swift test --event-stream-output-path FILE ARGUMENTS
        let script = "#!/bin/bash\ncat >$3 <<'END'\n\(records)\nEND\necho \"$4\"\n\(command)\n"
        try Data(script.utf8).write(to: URL(filePath: swift))
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: swift)
        let watch = TestDaemon.packageRoot.appending(path: "Tests/run")
        let environment = ["SWIFT": swift, "SIGNET_TEST_PATIENCE": "\(patience)", "SIGNET_TEST_GRACE": "\(grace)"]
        return try Program.run(watch, ["--filter"], environment: environment)
    }

    private static let suite = #"{"kind":"testStarted","testID":"KeysTests.RingTests"}"#
    private static let ended = #"{"kind":"runEnded"}"#
    private static func event(_ kind: String, _ name: String) -> String {
        #"{"kind":"\#(kind)","testID":"KeysTests.RingTests/\#(name)()/RingTests.swift:7:6"}"#
    }

    @Test("A run that ends is left alone, and its status is handed on", arguments: [0, 1, 66])
    func ends(status: Int32) throws {
        let events = ["testStarted", "testEnded"].map { Self.event($0, "rotate") }
        let run = try run([Self.suite] + events + [Self.ended], then: "exit \(status)")
        #expect(run.status == status)
        #expect(run.output == "--filter\n")
        #expect(run.errors == "")
    }

    @Test("What failed is said once more at the end; what was known to fail, or is a warning, is not")
    func failures() throws {
        func issue(_ isFailure: Bool, _ name: String, _ texts: [String]) -> String {
            let test = #""testID":"KeysTests.RingTests/\#(name)()/RingTests.swift:7:6""#
            let messages = texts.map { #"{"symbol":"fail","text":"\#($0)"}"# }.joined(separator: ",")
            let known = #""issue":{"isFailure":\#(isFailure),"isKnown":\#(!isFailure)}"#
            return #"{"kind":"issueRecorded",\#(known),"messages":[\#(messages)],\#(test)}"#
        }
        let long = String(repeating: "a", count: 2_000)
        let issues = [
            issue(true, "rotate", ["Expectation failed: 1 == 2", #"the log:\nno key"#]), issue(false, "known", ["no"]),
            #"{"kind":"issueRecorded","issue":{"isFailure":true},"messages":[]}"#, issue(true, "prune", [long]),
        ]
        let run = try run([Self.event("testStarted", "rotate")] + issues + [Self.ended], then: "exit 1")
        #expect(run.status == 1)
        let rotate = "KeysTests.RingTests/rotate()/RingTests.swift:7:6"
        let first = "\(rotate)\n    Expectation failed: 1 == 2\n    the log:\n    no key"
        let told = "\nrun: what failed, 3:\n  \(first)\n  no test\n"
        #expect(run.errors.hasPrefix(told), "\(run.errors)")
        #expect(run.errors.hasSuffix("aaa [...]\n"))
        #expect(run.errors.utf8.count < 1_000)

        let many = Array(repeating: issue(true, "prune", [long]), count: 20)
        #expect(try self.run(many + [Self.ended], then: "exit 1").errors.hasSuffix("aaa [...]\n  and 16 more\n"))
    }

    @Test("Of a run that broke off, the tests that it broke off in are named")
    func brokenOff() throws {
        let run = try run([Self.suite, Self.event("testStarted", "rotate")], then: "exit 1")
        #expect(run.status == 1)
        let rotate = "KeysTests.RingTests/rotate()/RingTests.swift:7:6"
        #expect(run.errors == "\nrun: tests that have not ended, 1:\n  \(rotate)\n")
    }

    @Test("A run that stands still is ended with all that it started, and those that have not ended are named")
    func standsStill() throws {
        let events = ["rotate", "prune"].map { Self.event("testStarted", $0) } + [Self.event("testEnded", "rotate")]
        // No shell is left that would tell of its child's end.
        let run = try run([Self.suite] + events, then: "sleep 3600 & echo $!\nexec sleep 3600", patience: 10)
        #expect(run.status == 1)
        #expect(run.errors.contains("no sign of life for 10 s"))
        #expect(run.errors.contains("S sleep\n"))
        let prune = "KeysTests.RingTests/prune()/RingTests.swift:7:6"
        #expect(run.errors.hasSuffix("tests that have not ended, 1:\n  \(prune)\n"))
        let sleeper = try #require(run.output.split(separator: "\n").last.flatMap { Int32($0) })
        try awaitEnd(ofProcess: sleeper)
    }

    @Test("A process that a test left behind does not keep a run from its end: it is named and ended")
    func leftBehind() throws {
        // It holds the writing end of a pipe, which the run reads to the end, as it does with its tests' output.
        let run = try run([Self.ended], then: "exec 3< <(exec sleep 3600)\necho $!\nread -u 3\nexit 66", grace: 2)
        #expect(run.status == 66)
        let sleeper = try #require(run.output.split(separator: "\n").last.flatMap { Int32($0) })
        #expect(run.errors.contains("processes that they left hold their output:\n  \(sleeper) "), "\(run.errors)")
        try awaitEnd(ofProcess: sleeper)
    }
}
