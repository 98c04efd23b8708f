internal import POSIX
internal import SignetClient
internal import Synchronization

/// `status` again and again, until a signal ends it: drawn over on a terminal, below each other elsewhere.
struct StatusWatch {
    let client: SignetClient
    let format: StatusFormat
    let interval: Duration

    /// Holds the pen: the end does not cut a report in two.
    private static let pen = Mutex(false)

    func run() async throws(Failure) {
        try Self.endOnSignals()
        let isDrawnOver = StandardStream.output.obeysControlSequences && format == .text
        while true {
            let text = await report()
            Self.pen.withLock { isOver in
                if isOver { return }
                // The cursor to the corner; what is longer than before stays until it is cleared behind the new text.
                if isDrawnOver { Output.raw("\u{1B}[H\u{1B}[2J", to: .output) }
                Output.line(text)
            }
            try? await Task.sleep(for: interval)
        }
    }

    /// How the daemon is, or that it is away.
    private func report() async -> String {
        let result: Result<JSON, SignetError>
        do throws(SignetError) { result = .success(try await client.status()) } catch { result = .failure(error) }
        switch (format, result) {
        case (.json, .success(let json)): return json.text
        case (.json, .failure(let error)): return JSON(members: error.batchMembers).text
        case (_, .success(let json)):
            let report = StatusReport(json)
            let paint = Paint(for: .output)
            let concerns = report.concerns.map { "\n" + paint(Output.printable($0), .bad) }.joined()
            return time + report.text(paint) + concerns + "\n"
        case (_, .failure(let error)):
            return time + Paint(for: .output)("signetd is away: \(Failure(error).message)", .bad) + "\n"
        }
    }

    private var time: String { "-- \(ReadableTime.date(SystemClock.unixSeconds()))\n" }

    /// Has SIGINT and SIGTERM, which `Main` holds back, end the program with status 0, between two reports.
    private static func endOnSignals() throws(Failure) {
        do throws(Errno) {
            let signals = try SignalQueue()
            let wakeUp = try WakeUp()
            _ = try Thread {
                while (try? signals.next(or: wakeUp, timeout: WakeUp.withoutBound)) == nil {}
                pen.withLock { $0 = true }
                ThisProcess.exit(0)
            }
        } catch {
            throw Failure("cannot wait for signals: \(error)")
        }
    }
}
