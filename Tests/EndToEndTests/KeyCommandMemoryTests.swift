import Foundation
import Testing

@Suite(
    "signet keeps the keys that it makes, moves and seals in locked memory",
    .enabled(if: geteuid() == 0, "reading another process's memory needs root"),
    .enabled(if: PreloadedLibrary.isBuildable, PreloadedLibrary.advice))
struct KeyCommandMemoryTests {
    private let folder: Workshop
    private let stops: PreloadedLibrary

    init() throws {
        folder = try Workshop()
        stops = try PreloadedLibrary(at: folder.path("stops.so"), PreloadedLibrary.stops)
        try makeDirectory("web")
    }

    private func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder.path(name), withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    /// Runs `signet key` before the scenes.
    private func prepare(_ arguments: String...) throws {
        let program = try folder.signet(["key"] + arguments)
        try #require(program.status == 0, "\(program.errors)")
    }

    /// Starts a command.
    ///
    /// - Parameter wrapper: A program, found on PATH, and its arguments, that ends by executing the command.
    private func start(
        _ arguments: [String], _ library: PreloadedLibrary, wrapper: [String] = []
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let environment = library.environment.map { "\($0)=\($1)" }
        process.arguments = wrapper + ["env"] + environment + [TestDaemon.product("signet").path, "key"] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// What of all files of the workshop, the half-written ones too, is a secret in the clear.
    private func secrets() throws -> [String: Any] {
        var found: [String: Any] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path("")) {
            guard name.hasSuffix(".jwk") || name.hasSuffix(".new") || name.hasSuffix(".pem") else { continue }
            let text = (try? String(contentsOf: folder.url(name), encoding: .utf8)) ?? ""
            if text.hasPrefix("-----") {
                found[name] = text
            } else if let jwk = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] {
                let names = Set(jwk.keys)
                if !names.isDisjoint(with: ["k", "d"]) { found[name] = jwk }
            } else if text.hasPrefix("eyJ"), let jwk = try opened(text) {
                found[name] = jwk
            }
        }
        return found
    }

    /// A key that is just being sealed for the ring `web`, opened beside it.
    private func opened(_ sealed: String) throws -> [String: Any]? {
        let directory = folder.path("copies-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try Data(sealed.utf8).write(to: URL(filePath: "\(directory)/key.jwe"))
        _ = try Program.run("chmod", ["0600", "\(directory)/key.jwe"])
        let keks = ["kek.jwk", "next.jwk"].map { folder.path($0) }
            .filter { FileManager.default.fileExists(atPath: $0) }.flatMap { ["--kek", $0] }
        let opened = try folder.signet(["key", "unseal", "--ring", "web"] + keks + [directory])
        try #require(opened.status == 0, "\(opened.errors)")
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: directory).first)
        let text = try Data(contentsOf: URL(filePath: "\(directory)/\(name)"))
        return try JSONSerialization.jsonObject(with: text) as? [String: Any]
    }

    /// Stops for each key that is written: its file and its directory come to the disk, and it is told of.
    private static let written = 3
    /// Stops for each key whose old file goes, too: it is removed, and the directory comes to the disk once more.
    private static let replaced = 5

    /// Runs a command from stop to stop and looks, at each, for every key that there was until then.
    ///
    /// - Returns: At how many stops, and how many pieces of keys stood in locked pages, all together.
    private func look(_ arguments: [String]) throws -> (stops: Int, inside: Int) {
        let process = try start(arguments, stops)
        var (keys, count, inside) = (try secrets(), 0, 0)
        while process.waitUntilStopped() {
            keys.merge(try secrets()) { $1 }
            let scan = try MemoryScan(of: process, keys: keys)
            count += 1
            inside += scan.inside.values.flatMap(\.values).reduce(0, +)
            #expect(scan.outside.isEmpty, "stop \(count) of \(arguments): \(scan.outside.prefix(20))")
            kill(process.processIdentifier, SIGCONT)
        }
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(arguments)")
        #expect(!keys.isEmpty)
        return (count, inside)
    }

    @Test(
        "MEM-1 signet key new: a key of any kind stands in locked pages only, while it is written and after",
        arguments: ["HS256", "HS384", "HS512", "RS256", "ES256", "ES384", "ES512", "Ed25519", "Ed448"])
    func making(_ algorithm: String) throws {
        let (stops, inside) = try look(["new", "--algorithm", algorithm, folder.path("web")])
        #expect(stops == Self.written)
        // That the scanner finds the key where it may stand shows that it would find it elsewhere.
        #expect(inside > 0)
    }

    @Test(
        "MEM-1 signet key import: nothing of a key, whatever it came as, stands outside of locked pages",
        arguments: [
            ("PS256", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
            ("ES384", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
            ("ES512", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"]),
            ("Ed25519", ["-algorithm", "ed25519"]), ("HS512", []),
        ])
    func importing(_ algorithm: String, _ kind: [String]) throws {
        var source = [folder.path("one.jwk")]
        if kind.isEmpty {
            try makeDirectory("from")
            try prepare("new", "--algorithm", algorithm, "--kid", "one", folder.path("from"))
            source = [folder.path("from/one.jwk")]
        } else {
            let pem = try folder.makeKey(kind)
            // The passphrase is a secret too, and is looked for as the octets of a key.
            let passphrase = "correct horse battery staple \(UUID().uuidString)"
            try Data("\(passphrase)\n".utf8).write(to: folder.url("pass"))
            let octets = Data(passphrase.utf8).base64URL
            try Data("{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"\(octets)\"}".utf8).write(to: folder.url("pass.jwk"))
            try folder.openssl(
                "pkcs8", "-topk8", "-in", pem, "-passout", "file:" + folder.path("pass"), "-out",
                folder.path("encrypted"))
            source = [folder.path("encrypted"), "--passphrase-file", folder.path("pass")]
        }
        let (stops, inside) = try look(["import", "--into", folder.path("web"), "--algorithm", algorithm] + source)
        #expect(stops == Self.written)
        #expect(inside > 0)
    }

    /// A ring with three keys, two of them as JWK, and two KEKs.
    private func makeRing() throws {
        for kek in ["kek.jwk", "next.jwk"] { try prepare("new-kek", folder.path(kek)) }
        for algorithm in ["HS512", "ES256"] {
            try prepare("new", "--algorithm", algorithm, "--kid", algorithm, folder.path("web"))
        }
        _ = try folder.makeKey(["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "web/rsa.pem")
        _ = try Program.run("chmod", ["0600", folder.path("web/rsa.pem")])
    }

    @Test("MEM-1 signet key seal, reseal, list and unseal: nothing of keys and KEKs stands outside of locked pages")
    func sealing() throws {
        try makeRing()
        let (ring, kek, next) = (folder.path("web"), folder.path("kek.jwk"), folder.path("next.jwk"))
        let seal = try look(["seal", "--kek", kek, ring])
        #expect(seal.stops == 3 * Self.replaced)
        #expect(seal.inside > 0)
        // The scans of what follows know the keys by opening what is sealed; so there is a copy of the files.
        try makeDirectory("plain")
        for (name, key) in try sealedKeys(kek) { try key.write(to: folder.url("plain/\(name)")) }
        let reseal = try look(["reseal", "--kek", next, "--kek", kek, ring])
        // The new file has the old one's name.
        #expect(reseal.stops == 3 * Self.written)
        #expect(reseal.inside > 0)
        let list = try look(["list", "--kek", next, ring])
        #expect(list.stops == 1)
        let unseal = try look(["unseal", "--kek", next, ring])
        #expect(unseal.stops == 3 * Self.replaced)
        #expect(unseal.inside > 0)
    }

    /// The keys of the ring `web`, opened in a copy.
    private func sealedKeys(_ kek: String) throws -> [(String, Data)] {
        _ = try Program.run("cp", ["-a", folder.path("web"), folder.path("copy")])
        try prepare("unseal", "--ring", "web", "--kek", kek, folder.path("copy"))
        defer { try? FileManager.default.removeItem(at: folder.url("copy")) }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("copy"))
        return try names.map { ($0, try Data(contentsOf: folder.url("copy/\($0)"))) }
    }

    @Test("MEM-1 signet key new-kek, new --seal, rotate, renew: nothing that is made stands outside of locked pages")
    func makingSealed() throws {
        let (ring, kek) = (folder.path("web"), folder.path("kek.jwk"))
        let made = try look(["new-kek", kek])
        #expect(made.stops == Self.written)
        #expect(made.inside > 0)
        // The key that `rotate` makes may be next for a second yet: then `renew` would leave it at that.
        for command in [
            ["new", "--seal", "--algorithm", "ES256", "--kek", kek, ring],
            ["renew", "--older-than", "0s", "--kek", kek, ring + "/"], ["rotate", "--kek", kek, ring],
        ] {
            let (stops, inside) = try look(command)
            #expect(stops == Self.written)
            #expect(inside > 0)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: ring)
        #expect(names.count == 3 && names.allSatisfy { $0.hasSuffix(".jwe") })
    }

    @Test("MEM-1 signet key public, thumbprint, revoke, prune: nothing that is read stands outside of locked pages")
    func reading() throws {
        try makeRing()
        let ring = folder.path("web")
        for file in ["ES256.jwk", "rsa.pem"] {
            let algorithm = file == "rsa.pem" ? "PS256" : "ES256"
            #expect(try look(["thumbprint", "\(ring)/\(file)"]).stops == 1)
            #expect(try look(["public", "--algorithm", algorithm, "\(ring)/\(file)"]).stops == 1)
        }
        // The list and its directory come to the disk; the words go to standard error.
        #expect(try look(["revoke", "--force", "--keyring", ring, "HS512"]).stops == 2)
        // The file is removed, its directory comes to the disk, and it is told of.
        #expect(try look(["prune", ring + "/"]).stops == 3)
    }

    @Test("MEM-2 signet, with a key in its hands, has no core limit, catches no crash, is closed to its own user")
    func notDumpable() throws {
        let user = OtherUser.stranger
        _ = try Program.run("chown", ["-R", "\(user):\(user)", folder.path("")])
        _ = try Program.run("chmod", ["a+rx", TestDaemon.products.path])
        let process = try start(["new", folder.path("web")], stops, wrapper: OtherUser.command([], as: user))
        try #require(process.waitUntilStopped())
        let pid = process.processIdentifier
        let faults = try process.faultsOfHardening()
        #expect(faults.isEmpty, "\(faults)")
        // The files of a process that cannot be dumped belong to root, whoever runs it.
        let environment = try FileManager.default.attributesOfItem(atPath: "/proc/\(pid)/environ")
        let owner = environment[.ownerAccountID] as? Int
        #expect(owner == 0)
        // That a process of this user can read another one of it shows that this one would be read.
        let reading = "dd if=/proc/$1/mem of=/dev/null bs=1 count=0 && echo open || echo closed"
        let script = "sleep 60 & set -- $!; \(reading); kill -KILL $1; set -- \(pid); \(reading)"
        let read = try OtherUser.run("bash", ["-c", script], as: user)
        #expect(read.output == "open\nclosed\n", "\(read.errors)")
        kill(pid, SIGKILL)
        process.waitUntilExit()
    }

    @Test(
        "MEM-1 the core of signet, aborted while it writes a key, holds nothing of it",
        .enabled(if: CoreFile.isWritten, CoreFile.advice), arguments: [false, true])
    func core(_ hasEveryPage: Bool) throws {
        let pieces = PreloadedLibrary.stops + PreloadedLibrary.dumpable
        let library = try PreloadedLibrary(
            at: folder.path("dumpable.so"), pieces + (hasEveryPage ? PreloadedLibrary.withEveryPage : ""))
        let wrapper = CoreFile.wrapper(folder.path(""))
        let process = try start(["new", "--algorithm", "ES256", folder.path("web")], library, wrapper: wrapper)
        try #require(process.waitUntilStopped())
        var keys = try secrets()
        try #require(keys.count == 1)
        // What is no secret, and certainly there: the directory of the ring.
        let known = Data(folder.path("web").utf8).base64URL
        keys["known"] = ["kty": "oct", "alg": "HS256", "k": known]
        // One that is caught would be survived.
        try #require(try process.faultsOfHardening().filter { $0.contains("signal") }.isEmpty)
        kill(process.processIdentifier, SIGABRT)
        kill(process.processIdentifier, SIGCONT)
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal)
        let scan = try MemoryScan(ofCore: CoreFile.find(in: folder.path("")), keys: keys)
        let found = Set(scan.outside.map(\.key))
        // That the scanner finds the key where nothing keeps it out of the core shows that it would find it.
        #expect(found == (hasEveryPage ? Set(keys.keys) : ["known"]), "\(scan.outside.prefix(20))")
    }
}
