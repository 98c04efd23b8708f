import Foundation
import Testing

@Suite("The completions of signet work in the shells that they are for")
struct CompletionTests {
    private let folder: Workshop

    init() throws { folder = try Workshop() }

    /// Writes the script for a shell, as `make install` does; returns its path.
    private func script(for shell: String, _ name: String) throws -> String {
        let made = try folder.signet(["--generate-completion-script", shell])
        #expect(made.status == 0 && !made.output.isEmpty)
        try made.output.write(toFile: folder.path(name), atomically: true, encoding: .utf8)
        return folder.path(name)
    }

    /// With the built `signet` in front of others: what some options may be, the scripts ask the program itself.
    private var environment: [String: String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return ["PATH": "\(TestDaemon.products.path):\(path)", "TERM": "xterm", "HOME": folder.path("")]
    }

    private static let lines = [
        (line: "signet st", completion: "status"), (line: "signet sign --pro", completion: "--profile"),
        (line: "signet status -o open", completion: "openmetrics"), (line: "signet key rot", completion: "rotate"),
    ]

    @Test("bash", arguments: lines)
    func bash(line: String, completion: String) throws {
        let complete = """
            source "$1"
            COMP_LINE=$2 COMP_POINT=${#2}
            read -ra COMP_WORDS <<< "$2"
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            function_name=$(complete -p signet | sed 's/.*-F \\([^ ]*\\).*/\\1/')
            "$function_name" signet "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let completed = try Program.run(
            "bash", ["-c", complete, "bash", try script(for: "bash", "signet"), line], environment: environment)
        #expect(completed.output.split(whereSeparator: \.isWhitespace) == [completion[...]], "\(completed.errors)")
    }

    @Test("fish", arguments: lines)
    func fish(line: String, completion: String) throws {
        let completed = try Program.run(
            "fish",
            ["--no-config", "-c", "source $argv[1]; complete -C $argv[2]", script(for: "fish", "signet.fish"), line],
            environment: environment)
        let names = completed.output.split(separator: "\n").map { $0.split(separator: "\t")[0] }
        #expect(names == [completion[...]], "\(completed.errors)")
    }

    @Test("zsh", arguments: lines)
    func zsh(line: String, completion: String) throws {
        _ = try script(for: "zsh", "_signet")
        // Types the line and a tab at a prompt, and waits until the completion stands there.
        let type = """
            import os, pty, select, sys, time
            pid, terminal = pty.fork()
            if pid == 0: os.execvp("zsh", ["zsh", "-f", "-i"])
            shown = b""
            def wait(words):
                global shown
                end = time.monotonic() + 60
                while words not in shown and time.monotonic() < end:
                    if select.select([terminal], [], [], 1)[0]: shown += os.read(terminal, 4096)
                found = words in shown
                shown = b""
                return found
            begin = f"PS1=; fpath=('{sys.argv[1]}' $fpath); autoload -U compinit; compinit -u -D; echo rea''dy\\n"
            os.write(terminal, begin.encode())
            assert wait(b"ready"), "no prompt"
            os.write(terminal, sys.argv[2].encode() + b"\\t")
            found = wait(sys.argv[3].encode())
            os.close(terminal)
            os.waitpid(pid, 0)
            sys.exit(0 if found else 1)
            """
        let typed = try Program.run(
            Program.python, ["-c", type, folder.path(""), line, completion], environment: environment)
        #expect(typed.status == 0, "\(typed.errors)")
    }
}
