import Authorization
import CCallgrind

// A fixed script of requests, for `valgrind --tool=callgrind`: each case in a window of its own, `requests` of it.
// Without valgrind it only tells that the script still holds. `Benchmarks/instruction_gate.py` runs it.

/// Requests in a window; before it, enough that every buffer has its size.
let (requests, warmUp) = (1_000, 100)

struct Case {
    let name: String
    let line: String
    var caller = Fixture.caller
    /// What the answer has in it.
    let expected: String
}

let claims = #"{"sub":"user-1001","email":"ada@example.com","given_name":"Ada","roles":["admin","user"]}"#
/// 4 KiB of claims, forty members of every form.
let manyClaims =
    "{"
    + (0..<40).map { #""claim-\#($0)":["\#(String(repeating: "x", count: 60))",\#($0),true,null,"\u00e9\n"]"# }
    .joined(separator: ",") + "}"

var fixture = try Fixture()
let hs512 = try fixture.token(#"{"op":"sign","claims":\#(claims)}"#)
let es256 = try fixture.token(#"{"op":"sign","profile":"es256","claims":\#(claims)}"#)
let forged = hs512.dropLast(4) + (hs512.hasSuffix("AAAA") ? "BBBB" : "AAAA")
let cases = [
    Case(name: "ping", line: #"{"id":1,"op":"ping"}"#, expected: #""ok":true"#),
    Case(name: "HS512 sign", line: #"{"id":1,"op":"sign","claims":\#(claims)}"#, expected: #""token":"#),
    Case(name: "HS512 sign, 4 KiB", line: #"{"id":1,"op":"sign","claims":\#(manyClaims)}"#, expected: #""token":"#),
    Case(
        name: "HS512 sign, rate and fixed claim",
        line: #"{"id":1,"op":"sign","profile":"strict","ttl":60,"claims":\#(claims)}"#, expected: #""token":"#),
    Case(name: "HS512 verify", line: #"{"id":1,"op":"verify","token":"\#(hs512)"}"#, expected: #""valid":true"#),
    Case(
        name: "ES256 sign", line: #"{"id":1,"op":"sign","profile":"es256","claims":\#(claims)}"#,
        expected: #""token":"#),
    Case(
        name: "ES256 verify, seen before",
        line: #"{"id":1,"op":"verify","profile":"es256","token":"\#(es256)"}"#, expected: #""valid":true"#),
    Case(
        name: "bad signature", line: #"{"id":1,"op":"verify","token":"\#(forged)"}"#,
        expected: #""reason":"bad_signature""#),
    Case(
        name: "refused: malformed", line: #"{"id":1,"op":"sign","claims":{"a":1,"a":2}}"#,
        expected: #""error":{"code":"#),
    Case(
        name: "refused: not permitted", line: #"{"id":1,"op":"sign","claims":\#(claims)}"#, caller: Fixture.stranger,
        expected: #""code":"not_permitted""#),
]

for subject in cases {
    let line = Array(subject.line.utf8)
    for _ in 0..<warmUp { fixture.ask(line.span, from: subject.caller) }
    callgrind_window_open()
    for _ in 0..<requests { fixture.ask(line.span, from: subject.caller) }
    // Reason: the text lives for the call.
    unsafe callgrind_window_close(subject.name)
    let answer = String(decoding: fixture.answer, as: UTF8.self)
    guard answer.contains(subject.expected) else { throw Failure("\(subject.name): \(answer)") }
}
print(requests)
