internal import FuzzTargets
internal import Glibc

/// The target that FUZZ_TARGET names.
// Reason: made at the first input, and libFuzzer calls from one thread alone.
nonisolated(unsafe) private var run: FuzzRun? = {
    // Reason: nobody changes the environment, and the text is copied.
    let name = unsafe getenv("FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        fatalError("FUZZ_TARGET is none of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    // What it has made, cgroups say, goes with it.
    atexit { unsafe run = nil }
    do { return try FuzzRun(target) } catch { fatalError("\(name): \(error)") }
}()

/// Whether to say of each input what became of it.
private let showsVerdicts = unsafe getenv("FUZZ_VERDICTS") != nil

/// One input, as libFuzzer hands it over.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // Reason: the bytes live for the call, and are copied.
    let input = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    do {
        let isAccepted = try unsafe run?(input) ?? false
        if showsVerdicts { print(isAccepted ? "accepted" : "refused") }
    } catch { fatalError("\(error)") }
    return 0
}
