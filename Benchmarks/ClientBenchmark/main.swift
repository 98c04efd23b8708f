import CRoundTrip
import Foundation
import SignetClient

// What the client library costs, beside a daemon that is running:
//
//     SIGNET_BENCHMARKS=1 swift build -c release --product ClientBenchmark
//     .build/release/ClientBenchmark SOCKET SIGNET-PROGRAM
//
// Medians of seven runs, in which all measures take turns, so that what else the machine does touches all of them.

let arguments = CommandLine.arguments
guard arguments.count == 3 else {
    print("usage: ClientBenchmark SOCKET SIGNET-PROGRAM")
    exit(64)
}
let (socketPath, signetProgram) = (arguments[1], arguments[2])
let runs = 7
let tasks = 64
let callsOfTask = 1_500
let singleCalls = 5_000
/// As `signet bench` signs.
let claims: JSON = [
    "sub": "user-1001", "email": "ada@example.com", "given_name": "Ada", "roles": ["admin", "user"],
]
let client = try SignetClient(socketPath: socketPath, timeout: .seconds(60))
let blockingClient = try BlockingSignetClient(socketPath: socketPath, timeout: .seconds(60))

func seconds(_ body: () async throws -> Void) async rethrows -> Double {
    let began = ContinuousClock.now
    try await body()
    return began.duration(to: .now) / .seconds(1)
}

/// Requests a second of 64 tasks that share one client.
func sharedRate() async throws -> Double {
    let elapsed = try await seconds {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<tasks {
                group.addTask { for _ in 0..<callsOfTask { _ = try await client.sign(claims) } }
            }
            try await group.waitForAll()
        }
    }
    return Double(tasks * callsOfTask) / elapsed
}

/// Requests a second of `signet bench` with one connection and as many in flight.
func toolRate() throws -> Double {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: signetProgram)
    process.arguments = [
        "bench", "--socket", socketPath, "--connections", "1", "--depth", "\(tasks)", "--seconds", "2", "-o", "json",
    ]
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard let rate = try JSON(parsing: text)["results"]?.elements?.first?["per_second"]?.double else {
        throw CocoaError(.fileReadCorruptFile)
    }
    return rate
}

/// Microseconds of a single task's call.
func singleCall() async throws -> Double {
    try await seconds { for _ in 0..<singleCalls { _ = try await client.sign(claims) } } * 1e6 / Double(singleCalls)
}

/// Microseconds of a call of the blocking client.
func blockingCall() async throws -> Double {
    try await seconds { for _ in 0..<singleCalls { _ = try blockingClient.sign(claims) } } * 1e6 / Double(singleCalls)
}

/// Microseconds of the same round trip in C.
func plainCall() throws -> Double {
    let line = "{\"op\":\"sign\",\"claims\":\(claims.text)}\n"
    // Reason: both strings live for the call.
    let nanoseconds = unsafe round_trips(socketPath, line, Int32(singleCalls))
    guard nanoseconds >= 0 else { throw CocoaError(.fileReadUnknown) }
    return Double(nanoseconds) / 1e3 / Double(singleCalls)
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

_ = try await client.ping()
var (shared, tool, single, blocking, plain): ([Double], [Double], [Double], [Double], [Double]) = ([], [], [], [], [])
for _ in 0..<runs {
    shared.append(try await sharedRate())
    tool.append(try toolRate())
    single.append(try await singleCall())
    blocking.append(try await blockingCall())
    plain.append(try plainCall())
}
/// Of each run by itself, then the median.
func ratio(_ values: [Double], to others: [Double]) -> String {
    String(format: "%.2f", median(zip(values, others).map { $0 / $1 }))
}
print(String(format: "64 tasks, one client: %.0f requests/s; signet bench 1 x 64: %.0f", median(shared), median(tool)))
print("  ratio \(ratio(shared, to: tool)) (aim: at least 0.5)")
print(
    String(
        format: "one call: async %.1f us, blocking %.1f us, plain C %.1f us", median(single), median(blocking),
        median(plain)))
print("  ratio async \(ratio(single, to: plain)) (aim: at most 1.5), blocking \(ratio(blocking, to: plain))")
