import Foundation
import Testing

/// System calls that come short, are interrupted or find nothing to do, at random, and a full disk: in every process that
/// is started with this environment (`faults.c`).
struct CallFaults {
    let seed: UInt64
    private let library: URL
    private let page: URL

    static let isBuildable = PreloadedLibrary.isBuildable
    static let advice = PreloadedLibrary.advice

    private static let source = TestDaemon.packageRoot.appending(path: "Tests/EndToEndTests/faults.c")

    /// Places in the page that `faults.c` shares with the test, each of eight bytes.
    private enum Place: UInt64 {
        case seed = 0
        case rate = 8
        case full = 16
        case scarce = 24
    }
    private static let header = 48
    private static let entry = 32
    private static let name = 24

    /// - Parameters:
    ///   - directory: For the library and its page.
    ///   - rate: The first call that can, and then one in so many, does something unusual, of each kind; 0: none.
    init(in directory: URL, rate: UInt64, seed: UInt64 = .random(in: 1...UInt64.max)) throws {
        self.seed = seed
        library = directory.appending(path: "faults.so")
        page = directory.appending(path: "faults")
        let built = try Program.run(
            "cc", ["-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o", library.path, Self.source.path, "-ldl"])
        try #require(built.status == 0, "\(built.errors)")
        try Data(count: 4_096).write(to: page)
        try set(.seed, seed)
        try set(.rate, rate)
    }

    /// A program that crashes ends at once, which the test sees: the report of it is a program's that is harmed as well.
    var environment: [String: String] {
        ["LD_PRELOAD": library.path, "SIGNET_TEST_FAULTS": page.path, "SWIFT_BACKTRACE": "enable=no"]
    }

    /// From now on, one call in so many.
    func setRate(_ rate: UInt64) throws { try set(.rate, rate) }

    /// Whether each write to a file finds the disk full from now on.
    func setFull(_ isFull: Bool) throws { try set(.full, isFull ? 1 : 0) }

    /// A file by its number in `faults.c`.
    enum File: UInt64 {
        case state = 1
        case stateLock = 2
    }

    /// The next opening of that file finds no descriptor.
    func withholdDescriptor(for file: File) throws { try set(.scarce, file.rawValue) }

    private func set(_ place: Place, _ value: UInt64) throws {
        let file = try FileHandle(forWritingTo: page)
        try file.seek(toOffset: place.rawValue)
        try file.write(contentsOf: Data((0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }))
        try file.close()
    }

    /// How often each kind has happened, by its name in `faults.c`.
    func counts() throws -> [String: Int] {
        let bytes = try Data(contentsOf: page)
        var counts: [String: Int] = [:]
        for start in stride(from: Self.header, to: bytes.count - Self.entry, by: Self.entry) {
            let name = bytes[start..<start + Self.name].prefix { $0 != 0 }
            if name.isEmpty { break }
            let number = bytes[start + Self.name..<start + Self.entry].reversed().reduce(0) { $0 << 8 | Int($1) }
            counts[String(decoding: name, as: UTF8.self)] = number
        }
        return counts
    }
}
