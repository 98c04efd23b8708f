// swift-tools-version: 6.2
import PackageDescription

// A package of its own: Signet depends on none of this.
let package = Package(
    name: "jwt-kit-sign",
    dependencies: [.package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0")],
    targets: [
        .executableTarget(name: "jwt-kit-sign", dependencies: [.product(name: "JWTKit", package: "jwt-kit")])
    ]
)
