// What the address sanitizer must see, and its leak detector, before their silence about Signet counts (see run).
// The argument says what goes wrong; without one, nothing does.
import Glibc

func allocate() -> UnsafeMutablePointer<UInt8> {
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 64)
    bytes.initialize(repeating: 1, count: 64)
    return bytes
}

let fault = CommandLine.arguments.dropFirst().first
let bytes = allocate()
let position = CommandLine.arguments.count * 7
switch fault {
case "leak":
    // Several: a register may still point to the last one.
    for _ in 0..<4 { _ = allocate() }
case "use-after-free":
    bytes.deallocate()
    exit(bytes[position] == 2 ? 1 : 0)
case "overflow":
    exit(bytes[position + 64] == 2 ? 1 : 0)
default: break
}
bytes.deallocate()
