import Foundation
import Glibc
import Testing

@Suite("The files of the configuration: profiles.d, and whose files count")
struct ConfigurationFilesTests {
    /// A daemon whose main file has the ring and the profile "default"; nothing started.
    private func prepared(_ more: String = "") throws -> TestDaemon {
        try TestDaemon(prepared: TestDaemon.settings() + more)
    }

    private func folder(of daemon: TestDaemon) -> URL { daemon.directory.appending(path: "profiles.d") }

    /// Writes a file of profiles.d; returns its path.
    @discardableResult
    private func write(_ name: String, _ text: String, _ daemon: TestDaemon, mode: Int = 0o644) throws -> String {
        let folder = folder(of: daemon)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: name).path
        try Data(text.utf8).write(to: URL(filePath: file))
        try setMode(mode, file)
        return file
    }

    private func setMode(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private func profile(_ name: String, _ lines: String = "") -> String {
        """
        [profile.\(name)]
        issuer = "\(name)"
        audiences = ["x"]
        \(lines)
        [[profile.\(name).allow]]
        operations = ["sign"]
        users = ["*"]

        """
    }

    private func signs(_ profile: String, _ daemon: TestDaemon) throws -> Bool {
        try daemon.connect().ask("{\"op\":\"sign\",\"profile\":\"\(profile)\"}").isOK
    }

    @Test("A profile and a keyring of profiles.d are served beside those of the main file")
    func served() throws {
        let daemon = try prepared()
        try write("web.toml", profile("web"), daemon)
        try write(
            "mail.toml", "[keyring.mail]\nalgorithm = \"ES256\"\ndirectory = \"../keys/mail\"\n" + profile("mail"),
            daemon)
        try daemon.makeKey(in: "mail", "ES256", kid: "m")
        #expect(try daemon.refusal(arguments: ["--check"]).status == 0)
        try daemon.start(arguments: ["--strict"])
        for name in ["default", "web", "mail"] { #expect(try signs(name, daemon)) }
        let explained = try daemon.connect().ask("{\"op\":\"explain\",\"profile\":\"mail\"}")
        #expect(explained.line.contains("\"source\":\"mail.toml:8\""), "\(explained.line)")
    }

    @Test("Hidden files and other names are passed over, and the folder may be empty")
    func passedOver() throws {
        let daemon = try prepared()
        for name in [".web.toml", ".toml", "web.toml~", "web.toml.dpkg-old", "web", "toml"] {
            try write(name, "nonsense", daemon, mode: 0o666)
        }
        try FileManager.default.createDirectory(
            at: folder(of: daemon).appending(path: "more"), withIntermediateDirectories: true)
        #expect(try daemon.refusal(arguments: ["--check", "--strict"]).status == 0)
    }

    @Test("A broken file disables only itself; --strict refuses to start, and --check tells everything")
    func brokenFile() throws {
        let daemon = try prepared()
        let file = try write("broken.toml", "[profile.broken]\nisuer = \"x\"\n[server]\n", daemon)
        try write("mail.toml", profile("mail", "keyring = \"missing\""), daemon)
        try write("web.toml", profile("web"), daemon)
        for option in ["--strict", "--check"] {
            let (status, log) = try daemon.refusal(arguments: [option])
            #expect(status == 1)
            #expect(log.contains("error: \(file):2:1: unknown key \"isuer\""))
            #expect(log.contains("error: \(file):3:2: unknown key \"server\" in a file of profiles.d"))
            #expect(log.contains("mail.toml:4:11: 'keyring' in [profile.mail] names \"missing\""))
            #expect(log.contains("broken.toml: broken, so nothing of it counts"))
            #expect(!log.contains("nothing wrong"))
        }
        try daemon.start()
        #expect(daemon.log.text.contains("error: \(file):2:1: unknown key \"isuer\""))
        #expect(try signs("default", daemon))
        #expect(try signs("web", daemon))
        #expect(try !signs("broken", daemon))
        #expect(try !signs("mail", daemon))
    }

    @Test("A broken main file ends the start, and the problems of the others are told with it")
    func brokenMain() throws {
        let daemon = try prepared("\nttl = 1\n")
        try write("web.toml", "[server]\n", daemon)
        let (status, log) = try daemon.refusal()
        #expect(status == 1)
        #expect(log.contains("signetd.toml:19:"))
        #expect(log.contains("web.toml:1:2:"))
    }

    @Test("Where every keyring stands in a broken file, the daemon does not start")
    func nothingLeft() throws {
        let daemon = try TestDaemon(prepared: "[server]\nsocket = \"signet.sock\"\n")
        try write("a.toml", "[keyring.a]\n", daemon)
        let (status, log) = try daemon.refusal()
        #expect(status == 1)
        #expect(log.contains("not started: every keyring is in a broken file"))
    }

    @Test(
        "A file of profiles.d that others can write, or that is a link, disables only itself",
        arguments: ["everyone", "link", "folder"])
    func refusedFile(_ kind: String) throws {
        let daemon = try prepared()
        let file = try write("web.toml", profile("web"), daemon)
        try write("mail.toml", profile("mail"), daemon)
        let problem: String
        switch kind {
        case "everyone":
            try setMode(0o666, file)
            problem = "the configuration file can be written by everyone; chmod go-w \(file)"
        case "link":
            try FileManager.default.moveItem(atPath: file, toPath: file + ".real")
            try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: file + ".real")
            problem = "is a symbolic link; replace it by the file itself"
        default:
            try FileManager.default.removeItem(atPath: file)
            try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false)
            problem = "is no regular file; replace it by the file itself"
        }
        for option in ["--check", "--strict"] {
            let (status, log) = try daemon.refusal(arguments: [option])
            #expect(status == 1)
            #expect(log.contains("error: \(file): \(problem)"), "\(log)")
        }
        try daemon.start()
        #expect(try signs("mail", daemon))
        #expect(try !signs("web", daemon))
    }

    @Test("profiles.d that others can write is refused as a whole, and so is a link in its place")
    func refusedFolder() throws {
        let daemon = try prepared()
        try write("web.toml", profile("web"), daemon)
        let folder = folder(of: daemon).path
        try setMode(0o777, folder)
        let open = try daemon.refusal(arguments: ["--check"])
        #expect(open.status == 1)
        #expect(
            open.log.contains("the directory of configuration files can be written by everyone; chmod go-w \(folder)"))
        try daemon.start()
        #expect(try signs("default", daemon))
        #expect(try !signs("web", daemon))
        #expect(daemon.stop() == 0)
        try setMode(0o755, folder)
        try FileManager.default.moveItem(atPath: folder, toPath: folder + ".real")
        for target in [folder + ".real", "nowhere"] {
            try FileManager.default.createSymbolicLink(atPath: folder, withDestinationPath: target)
            let link = try daemon.refusal(arguments: ["--check"])
            #expect(link.status == 1)
            #expect(link.log.contains("is no directory, or a link to one"))
            try FileManager.default.removeItem(atPath: folder)
        }
    }

    @Test("A main file that everyone can write is refused; one that all may read is not")
    func writableMain() throws {
        let daemon = try prepared()
        let file = daemon.configuration.path
        for mode in [0o644, 0o444] {
            try setMode(mode, file)
            #expect(try daemon.refusal(arguments: ["--check"]).status == 0)
        }
        try setMode(0o646, file)
        for arguments in [[], ["--check"]] {
            let (status, log) = try daemon.refusal(arguments: arguments)
            #expect(status == 1)
            #expect(log.contains("\(file): the configuration file can be written by everyone; chmod go-w \(file)"))
        }
    }

    @Test(
        "A main file of somebody else is refused, and so is a file of profiles.d",
        .enabled(if: geteuid() == 0, "needs root to give files away"))
    func foreignOwner() throws {
        let daemon = try prepared()
        let file = try write("web.toml", profile("web"), daemon)
        for path in [file, daemon.configuration.path] {
            #expect(try daemon.refusal(arguments: ["--check"]).status == 0)
            try FileManager.default.setAttributes([.ownerAccountID: 4_711], ofItemAtPath: path)
            let (status, log) = try daemon.refusal(arguments: ["--check"])
            #expect(status == 1)
            #expect(
                log.contains(
                    "\(path): the configuration file belongs to uid 4711, not to root or uid 0; chown 0 \(path)"))
            try FileManager.default.setAttributes([.ownerAccountID: 0], ofItemAtPath: path)
        }
    }

    @Test("A link to the main file is followed, and profiles.d is looked for where it leads")
    func linkedMain() throws {
        let daemon = try prepared()
        try write("web.toml", "nonsense", daemon)
        let elsewhere = daemon.directory.appending(path: "elsewhere")
        try FileManager.default.createDirectory(at: elsewhere, withIntermediateDirectories: true)
        let link = elsewhere.appending(path: "link.toml").path
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: daemon.configuration.path)
        let check = try Program.run(TestDaemon.product("signetd"), ["--config", link, "--check"])
        #expect(check.status == 1)
        #expect(check.errors.contains("/profiles.d/web.toml:1:9: expected '='"), "\(check.errors)")
    }

    @Test("A main file that is no file is refused without waiting for a writer")
    func fifo() throws {
        let daemon = try prepared()
        let path = daemon.directory.appending(path: "fifo").path
        // Reason: mkfifo(3) reads the path during the call.
        try #require(unsafe mkfifo(path, 0o600) == 0)
        for path in [path, daemon.directory.path] {
            let check = try Program.run(TestDaemon.product("signetd"), ["--config", path])
            #expect(check.status == 1)
            #expect(check.errors.contains("is no regular file"), "\(check.errors)")
        }
    }
}
