/// What a line of the log tells of, where an operator may wait for it or ask what to do: the journal's MESSAGE_ID, which
/// `systemd/signet.catalog` explains.
package enum ServiceEvent: String, CaseIterable, Sendable {
    case started
    case stopping
    case stopped
    case notStarted = "not_started"
    case reloaded
    case reloadFailed = "reload_failed"
    case refused
    case suppressed
    case signed
    case configurationProblem = "configuration_problem"
    case keysProblem = "keys_problem"
    case clockStepped = "clock_stepped"
    case outOfDescriptors = "out_of_descriptors"
    case acceptsAgain = "accepts_again"
    case logLost = "log_lost"
    case selfTestFailed = "self_test_failed"
    case exposed

    /// 128 bits in hexadecimal, drawn once for each event and never changed (sd_journal_print(3)).
    package var messageID: StaticString {
        switch self {
        case .started: "7ee3af132c5f41f19892ba252893b933"
        case .stopping: "b1136aa476a041d7b708c8aedcf89d12"
        case .stopped: "9fabb2d90f0749e88641b1ccfa6ba60c"
        case .notStarted: "799bb06bf80b4e75b76355fbce9b418c"
        case .reloaded: "c5be488cf9e844339ee9ce8ad1f2ecff"
        case .reloadFailed: "70d85b8ad5c946af9f655b8f0d580868"
        case .refused: "1a5cb76a1b7747f697128505016b6829"
        case .suppressed: "63d7182a60d14c1baf33d8924f8d02f2"
        case .signed: "c0b08ed6e0164bb6ae3187e7f36699ae"
        case .configurationProblem: "62a513a454644d08913072eb6a7b9cd9"
        case .keysProblem: "2fe5c629e44e41b4b3a998e233320e27"
        case .clockStepped: "7790ad0de3f745f0b903daf1ecffb4b7"
        case .outOfDescriptors: "f342fb46980d4f46b0abb44e0c986176"
        case .acceptsAgain: "9e4e94acf83543e0bea83a31818edf3a"
        case .logLost: "a56c9373668749f7814638548e71f3c8"
        case .selfTestFailed: "069929f45ce14ecbaa19050750831686"
        case .exposed: "ee873bb016294a53b8b9cc9dc63073a0"
        }
    }
}
