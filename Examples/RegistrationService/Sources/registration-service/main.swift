import Foundation
import Hummingbird
import Logging
import Registration
import SignetClient

// The database holds hashes of passwords: nobody else may read it.
umask(0o077)

let arguments = CommandLine.arguments.dropFirst()
do {
    let settings = try Settings(Environment())
    switch (arguments.first, arguments.count) {
    case (nil, _):
        try await serve(settings)
    case ("grant-admin", 2):
        let name = arguments[arguments.startIndex + 1]
        guard try await UserStore(path: settings.database).grant(Role.admin, to: name) else {
            stop("there is no user \(name)")
        }
        print("\(name) is an admin from the next login on")
    default:
        stop("usage: registration-service [grant-admin USERNAME]")
    }
} catch {
    stop("\(error)")
}

/// Serves until it is told to stop by SIGTERM or SIGINT.
func serve(_ settings: Settings) async throws {
    var logger = Logger(label: "registration", factory: { label in StreamLogHandler.standardError(label: label) })
    logger.logLevel = settings.logLevel
    let signet = SignetTokenService(signet: try SignetClient(), profile: settings.profile)
    let router = RegistrationRouter(
        users: try UserStore(path: settings.database), passwords: try PasswordCheck(cost: settings.passwordCost),
        tokens: signet, verifier: signet, rotateCommand: settings.rotateCommand)
    let application = Application(
        router: router.build(),
        configuration: .init(address: .hostname(settings.host, port: settings.port)),
        onServerRunning: { channel in
            print("listening on http://\(settings.host):\(channel.localAddress?.port ?? settings.port)")
            fflush(nil)
        },
        logger: logger)
    try await application.runService()
}

func stop(_ message: String) -> Never {
    FileHandle.standardError.write(Data("registration-service: \(message)\n".utf8))
    exit(2)
}
