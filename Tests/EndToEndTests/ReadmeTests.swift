import Foundation
import SignetClient
import Testing

@Suite("README.md is true")
struct ReadmeTests {
    @Test("What it tells to run runs: a first token by hand")
    func blocksRun() throws {
        let document = try MarkdownDocument("README.md")
        let directory = FileManager.default.temporaryDirectory.appending(path: "readme-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        var daemon: Process?
        defer {
            daemon?.terminate()
            daemon?.waitUntilExit()
        }
        var outputs: [String: String] = [:]
        for block in document.blocks {
            guard let name = block.comment?.words(after: "run: ") else { continue }
            if name == "daemon" {
                let log = LogReader()
                let process = try Self.process(block, in: directory)
                process.standardError = log.pipe
                try process.run()
                daemon = process
                #expect(log.wait(for: "listening on"), "\(log.text)")
                continue
            }
            let (process, output, errors) = (try Self.process(block, in: directory), Pipe(), LogReader())
            process.standardOutput = output
            process.standardError = errors.pipe
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "README.md:\(block.firstLine): \(errors.rest())")
            outputs[name] = text
        }
        #expect(outputs.keys.sorted() == ["prepare", "token"])
        #expect(daemon != nil)
        for block in document.blocks {
            guard let name = block.comment?.words(after: "output: ") else { continue }
            let lines = outputs[name]?.split(separator: "\n").suffix(block.lines.count).map(String.init) ?? []
            try #require(lines.count == block.lines.count)
            for (line, pattern) in zip(lines, block.lines) { #expect(line.matchesExample(pattern), "\(line)") }
        }
    }

    @Test("Its Swift lines compile and run")
    func swiftLines() async throws {
        let document = try MarkdownDocument("README.md")
        let block = try #require(document.blocks.first { $0.language == "swift" })
        #expect(block.lines.count { !$0.isEmpty } == 10)
        let own = try String(contentsOfFile: #filePath, encoding: .utf8)
            .split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        for line in block.lines where !line.isEmpty {
            #expect(own.contains(line.trimmingCharacters(in: .whitespaces)), "this file does not hold: \(line)")
        }
        let daemon = try TestDaemon()
        try await Self.linesOfTheReadme(try SignetClient(socketPath: daemon.socket))
    }

    /// The client of the README; tests have a socket of their own.
    private static func clientOfTheReadme() throws {
        let signet = try SignetClient()  // $SIGNET_SOCKET, else /run/signet/signet.sock
        _ = signet
    }

    private static func linesOfTheReadme(_ signet: SignetClient) async throws {
        struct User: Codable { var sub, email: String }
        let token = try await signet.sign(User(sub: "user-1", email: "ada@example.com"), ttl: .seconds(900))
        do {
            let user = try await signet.verify(token, as: User.self)
            print("\(user.sub) is \(user.email)")
        } catch .invalidToken(let reason, let message) {
            print("refused: \(reason): \(message)")
        }
        // What follows is not of the README.
        #expect(try await signet.verify(token, as: User.self).email == "ada@example.com")
        let tokens = SignetTokenCache(signet)
        #expect(try await tokens.token(["level": 3]) == tokens.token(["level": 3]))
    }

    @Test("The map names every room of Sources, and no other")
    func map() throws {
        let rooms = try FileManager.default.contentsOfDirectory(
            atPath: TestDaemon.packageRoot.appending(path: "Sources").path(percentEncoded: false) + "/")
        let listed = try rows(of: "The map of `Sources`")
        #expect(rooms.count > 10)
        #expect(listed.sorted() == rooms.sorted())
    }

    @Test("Every dependency of the package is explained, and no other")
    func dependencies() throws {
        let manifest = try String(
            contentsOf: TestDaemon.packageRoot.appending(path: "Package.swift"), encoding: .utf8)
        let packages = manifest.matches(of: /\.package\(url: "[^"]*\/([^"\/]+)"/).map { String($0.1) }
        let map = try String(
            contentsOf: TestDaemon.packageRoot.appending(path: "Sources/CSystemd/module.modulemap"), encoding: .utf8)
        let libraries =
            manifest.matches(of: /\.linkedLibrary\("([^"]+)"/).map { "lib\($0.1)" }
            + map.matches(of: /link "([^"]+)"/).map { "lib\($0.1)" }
        #expect(packages.count >= 3)
        #expect(libraries == ["libcrypto", "libsystemd"])
        #expect(try rows(of: "Dependencies").sorted() == (packages + libraries).sorted())
    }

    @Test("Every make target that it names exists")
    func makeTargets() throws {
        let text = try MarkdownDocument("README.md").text
        let makefile = try String(contentsOf: TestDaemon.packageRoot.appending(path: "Makefile"), encoding: .utf8)
        let targets = Set(text.matches(of: /[`\n]make ([a-z]+)/).map { String($0.1) })
        #expect(targets.isSuperset(of: ["demo", "test"]))
        let known = Set(makefile.matches(of: /\n([a-z]+):/).map { String($0.1) })
        #expect(targets.subtracting(known).isEmpty)
    }

    @Test("Every document that it links to is there")
    func links() throws {
        let links = try MarkdownDocument("README.md").text.matches(of: /\]\(([^)]+)\)/).map { String($0.1) }
        #expect(links.count >= 3)
        for link in links {
            let file = TestDaemon.packageRoot.appending(path: link)
            #expect(FileManager.default.fileExists(atPath: file.path), "\(link)")
        }
    }

    /// The name in backticks of each row of the table in a section.
    private func rows(of section: String) throws -> [String] {
        let text = try MarkdownDocument("README.md").text
        let parts = text.components(separatedBy: "\n## ")
        let part = try #require(parts.first { $0.hasPrefix(section + "\n") })
        return part.matches(of: /\n\| [^`|]*`([^`]+)`/).map { String($0.1) }
    }

    /// A shell block as a process, with the built programs first on its PATH.
    private static func process(_ block: MarkdownDocument.Block, in directory: URL) throws -> Process {
        let process = Process()
        switch block.language {
        case "sh":
            process.executableURL = URL(filePath: "/bin/bash")
            // `exec` in front of a single command, so that a signal reaches it and not the shell.
            let isSingle = block.lines.count == 1
            process.arguments = ["-euo", "pipefail", "-c", isSingle ? "exec " + block.text : block.text]
        default: throw CocoaError(.featureUnsupported)
        }
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = "\(TestDaemon.products.path):\(environment["PATH"] ?? "/usr/bin:/bin")"
        environment["SIGNET_SOCKET"] = directory.appending(path: "signet.sock").path
        process.environment = environment
        process.currentDirectoryURL = directory
        process.standardInput = FileHandle.nullDevice
        return process
    }
}

extension String {
    /// What follows a beginning; nil when it begins otherwise.
    fileprivate func words(after beginning: String) -> String? {
        hasPrefix(beginning) ? String(dropFirst(beginning.count)) : nil
    }
}
