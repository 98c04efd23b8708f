import StrictJSON

/// The candidate that `name` most likely is a slip of the hand for; nil when none is near.
func suggestion(for name: ByteString, among candidates: some Sequence<String>) -> String? {
    // One slip in three bytes still shows what was meant; a longer name than any setting's is not worth comparing.
    guard name.bytes.count <= longestComparedName else { return nil }
    let lowered = name.bytes.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }
    let allowance = max(1, name.bytes.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in candidates where candidate.utf8.count <= longestComparedName {
        let distance = editDistance(lowered, Array(candidate.utf8))
        if distance <= allowance, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
}

private let longestComparedName = 64

/// How many bytes to insert, delete, replace or swap with their neighbour turn one name into the other
/// (the optimal string alignment distance).
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in left.indices {
        var current = [i + 1]
        for j in right.indices {
            var distance = min(last[j + 1] + 1, current[j] + 1, last[j] + (left[i] == right[j] ? 0 : 1))
            if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                distance = min(distance, beforeLast[j - 1] + 1)
            }
            current.append(distance)
        }
        (beforeLast, last) = (last, current)
    }
    return last[right.count]
}
