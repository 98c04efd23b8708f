import Foundation
import Testing

@Suite("ROT-3 each of these reloads fails, names the file, and leaves the old keys and policy serving")
struct BadReloadTests {
    /// What an operator's slip does to a daemon's files, and the words that name the culprit.
    struct Slip: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let words: String
        let make: @Sendable (TestDaemon) throws -> Void
        let mend: @Sendable (TestDaemon) throws -> Void

        init(
            _ title: String, _ words: String, _ make: @escaping @Sendable (TestDaemon) throws -> Void,
            mend: @escaping @Sendable (TestDaemon) throws -> Void
        ) {
            testDescription = title
            self.words = words
            self.make = make
            self.mend = mend
        }

        /// A file in the ring's directory, that mending removes.
        static func file(
            _ title: String, _ name: String, _ words: String, _ make: @escaping @Sendable (TestDaemon) throws -> Void
        ) -> Slip {
            Slip(title, words, make) { try FileManager.default.removeItem(at: $0.keys.appending(path: name)) }
        }

        /// A configuration.
        static func configuration(_ title: String, _ words: String, _ settings: String) -> Slip {
            Slip(title, words, { try $0.configure(settings) }, mend: { try $0.configure(TestDaemon.settings()) })
        }
    }

    private static let slips: [Slip] = [
        .file("a key file that is half written", "second.jwk", "keys/default/second.jwk: ") {
            try $0.writeKey(named: "second.jwk", kid: "second", TestDaemon.newKey())
            try $0.cut($0.keys.appending(path: "second.jwk"), to: 60)
        },
        Slip("the current key's file cut short", "keys/default/first.jwk: ") {
            try $0.cut($0.keys.appending(path: "first.jwk"), to: 100)
        } mend: {
            try $0.writeKey(named: "first.jwk", kid: TestDaemon.kid, $0.key)
        },
        .file("an empty key file", "second.jwk", "keys/default/second.jwk: is empty") {
            try $0.writeKey(named: "second.jwk", kid: "second", TestDaemon.newKey())
            try $0.cut($0.keys.appending(path: "second.jwk"), to: 0)
        },
        .file("a key file that everyone can read", "second.jwk", "second.jwk: everyone can read the key file") {
            try $0.writeKey(named: "second.jwk", kid: "second", TestDaemon.newKey(), mode: 0o644)
        },
        .file("a link in a key's place", "second.jwk", "keys/default/second.jwk: is a symbolic link") {
            try FileManager.default.createSymbolicLink(
                at: $0.keys.appending(path: "second.jwk"), withDestinationURL: $0.keys.appending(path: "first.jwk"))
        },
        .file("another key under the same kid", "second.jwk", #"second.jwk: its kid "first" is that of another key"#) {
            try $0.writeKey(named: "second.jwk", kid: TestDaemon.kid, TestDaemon.newKey())
        },
        .file("a list of revoked kids that is cut inside a line", "revoked", "revoked: ends inside a line") {
            try Data("gone\nfir".utf8).write(to: $0.keys.appending(path: "revoked"))
        },
        .file("a list of revoked kids that everyone can write", "revoked", "keys/default/revoked: the list of revoked")
        {
            let file = $0.keys.appending(path: "revoked")
            try Data("gone\n".utf8).write(to: file)
            try $0.setMode(0o666, file)
        },
        Slip("no key directory", "keys/default: does not exist") {
            try FileManager.default.moveItem(at: $0.keys, to: $0.directory.appending(path: "aside"))
        } mend: {
            try FileManager.default.moveItem(at: $0.directory.appending(path: "aside"), to: $0.keys)
        },
        Slip("a file in the key directory's place", "keys/default: is no directory") {
            try FileManager.default.moveItem(at: $0.keys, to: $0.directory.appending(path: "aside"))
            try Data().write(to: $0.keys)
        } mend: {
            try FileManager.default.removeItem(at: $0.keys)
            try FileManager.default.moveItem(at: $0.directory.appending(path: "aside"), to: $0.keys)
        },
        Slip("a key directory that everyone can write", "keys/default: the key directory can be written by everyone") {
            try $0.setMode(0o777, $0.keys)
        } mend: {
            try $0.setMode(0o700, $0.keys)
        },
        .configuration("text that is no TOML", "signetd.toml:", TestDaemon.settings() + "\n[profile."),
        .configuration("an unknown setting", "signetd.toml:13:1: ", TestDaemon.settings(profile: "isuer = \"x\"")),
        .configuration(
            "a profile whose keyring is gone", "signetd.toml:",
            TestDaemon.settings().replacingOccurrences(of: "[keyring.default]", with: "[keyring.other]")),
        Slip("no configuration", "signetd.toml: ") {
            try FileManager.default.removeItem(at: $0.configuration)
        } mend: {
            try $0.configure(TestDaemon.settings())
        },
        Slip("a configuration that everyone can write", "signetd.toml: the configuration file can be written by") {
            try $0.setMode(0o666, $0.configuration)
        } mend: {
            try $0.setMode(0o644, $0.configuration)
        },
    ]

    @Test("ROT-3 a broken file or directory, also with force", arguments: slips)
    func slip(_ slip: Slip) throws {
        let daemon = try TestDaemon()
        let client = try daemon.connect()
        let token = try client.ask(#"{"op":"sign"}"#).text("token")
        try slip.make(daemon)
        for force in [false, true] {
            let answer = try daemon.reload(force: force)
            #expect(answer.errorCode == "reload_failed", "\(answer)")
            #expect(answer.errorMessage?.contains(slip.words) == true, "\(answer)")
            try daemon.expectUnchanged(since: token, slip.words, by: client)
        }
        #expect(daemon.log.text.contains(slip.words) || daemon.log.wait(for: slip.words))
        try slip.mend(daemon)
        let mended = try daemon.reloadAnew()
        #expect(mended["generation"] as? Int == 2)
        #expect((mended["added"] as? [Any])?.isEmpty == true)
        #expect(try DaemonStatus(by: client).lastReload?.ok == true)
        #expect(try client.ask(#"{"op":"verify","token":"\#(token)"}"#).isValid == true)
    }

    @Test("ROT-3 a file of public keys that cannot be written; and no other file keeps what was refused")
    func publication() throws {
        func ring(_ name: String, _ publish: String) -> String {
            """

            [keyring.\(name)]
            algorithm = "ES256"
            publish = "\(publish)"
            [profile.\(name)]
            issuer = "https://\(name).example.com"
            audiences = ["x"]
            [[profile.\(name).allow]]
            operations = ["sign"]
            users = ["\(NSUserName())"]
            """
        }
        let daemon = try TestDaemon(prepared: TestDaemon.settings() + ring("web", "public/web.json"))
        try FileManager.default.createDirectory(
            at: daemon.directory.appending(path: "public"), withIntermediateDirectories: false)
        try daemon.makeKey(in: "web", "ES256", kid: "w1")
        try daemon.makeKey(in: "app", "ES256", kid: "a1")
        try daemon.start()
        let client = try daemon.connect()
        let token = try client.ask(#"{"op":"sign"}"#).text("token")
        let published = try Data(contentsOf: daemon.directory.appending(path: "public/web.json"))
        try daemon.makeKey(in: "web", "ES256", kid: "w2")
        try daemon.configure(
            TestDaemon.settings() + ring("web", "public/web.json") + ring("app", "missing/app.json"))
        let words = "missing/app.json: cannot be published"
        let answer = try daemon.reload()
        #expect(answer.errorCode == "reload_failed")
        #expect(answer.errorMessage?.contains(words) == true, "\(answer)")
        try daemon.expectUnchanged(since: token, words, by: client)
        #expect(try Data(contentsOf: daemon.directory.appending(path: "public/web.json")) == published)
        #expect(try daemon.sign("web").text("kid") == "w1")
        // Force accepts it, says so, and goes on trying.
        let forced = try daemon.reloadAnew(force: true)
        #expect((forced["warnings"] as? [String])?.contains { $0.contains(words) } == true, "\(forced)")
        #expect(try daemon.status().faults.contains { $0.contains(words) })
        try FileManager.default.createDirectory(
            at: daemon.directory.appending(path: "missing"), withIntermediateDirectories: false)
        try daemon.awaitStatus("the file is written at last") { $0.faults.isEmpty }
        #expect(FileManager.default.fileExists(atPath: daemon.directory.appending(path: "missing/app.json").path))
    }

    @Test(
        "ROT-3 a key directory that the daemon's user may not read any more leaves the old keys in service",
        .enabled(if: getuid() == 0, "needs root, to start the daemon as another user"))
    func unreadableDirectory() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings(users: ["*"]))
        let owner = OtherUser.stranger
        try #require(try Program.run("chown", ["-R", owner, daemon.directory.path]).status == 0)
        try daemon.start(wrapper: ["setpriv", "--reuid=\(owner)", "--regid=\(owner)", "--clear-groups"])
        let token = try daemon.sign().text("token")
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: daemon.keys.path)
        let refused = try daemon.reload()
        #expect(refused.errorCode == "reload_failed")
        #expect(refused.errorMessage?.contains(daemon.keys.path) == true, "\(refused)")
        #expect(try daemon.verify(token).isValid == true)
        #expect(try daemon.status().generation == 1)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: daemon.keys.path)
        #expect(try daemon.reload().isOK)
    }
}

extension TestDaemon {
    /// A key that no other test has.
    static func newKey() -> Data { Data((0..<64).map { _ in UInt8.random(in: 0...255) }) }

    func cut(_ file: URL, to length: Int) throws {
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: UInt64(length))
        try handle.close()
    }

    /// That a refused reload left everything as it was, and is told in status.
    func expectUnchanged(
        since token: String, _ words: String, generation: Int = 1, kid: String = TestDaemon.kid, by client: LineClient
    ) throws {
        let status = try DaemonStatus(by: client)
        #expect(status.generation == generation)
        #expect(status.lastReload?.ok == false)
        #expect(status.lastReload?.error?.contains(words) == true)
        #expect(try client.ask(#"{"op":"verify","token":"\#(token)"}"#).isValid == true)
        #expect(try client.ask(#"{"op":"sign"}"#).text("kid") == kid)
    }
}
