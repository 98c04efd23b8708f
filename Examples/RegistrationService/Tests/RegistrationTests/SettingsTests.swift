import Hummingbird
import Logging
import Registration
import Testing

@Suite("Settings")
struct SettingsTests {
    @Test("come from the environment")
    func areRead() throws {
        let environment: Environment = [
            "REGISTRATION_HOST": "0.0.0.0", "REGISTRATION_PORT": "81", "REGISTRATION_DATABASE": "/tmp/x.sqlite",
            "REGISTRATION_PROFILE": "web", "REGISTRATION_PASSWORD_COST": "17", "LOG_LEVEL": "debug",
        ]
        let settings = try Settings(environment)
        #expect(settings.host == "0.0.0.0")
        #expect(settings.port == 81)
        #expect(settings.database == "/tmp/x.sqlite")
        #expect(settings.profile == "web")
        #expect(settings.passwordCost == 17)
        #expect(settings.logLevel == .debug)
    }

    @Test(
        "without meaning are refused by name",
        arguments: [
            ("REGISTRATION_PORT", "http"), ("REGISTRATION_PORT", "65536"), ("REGISTRATION_PASSWORD_COST", "9"),
            ("LOG_LEVEL", "loud"),
        ])
    func areChecked(name: String, value: String) {
        let error = #expect(throws: InvalidSetting.self) { try Settings(Environment(values: [name: value])) }
        #expect(error?.name == name)
    }
}
