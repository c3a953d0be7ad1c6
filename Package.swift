// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// The points at which the torture kills processes (`NamedPoint`); a release build refuses them.
let namedPoints = strict + [.define("BYOC_NAMED_POINTS", .when(configuration: .debug))]

/// For a small program that starts quickly. LLD of the toolchain packs the 140,000 relocations that a program which may be
/// loaded anywhere has (3.3 MB, all read at each start) into 27 KB, leaves out the names of 45,000 symbols that nobody looks
/// up, and keeps one of functions that are the same. Needs glibc 2.36.
let packed: [LinkerSetting] = [
    .unsafeFlags(
        ["-use-ld=lld"]
            + ["-z", "pack-relative-relocs", "--no-export-dynamic", "--icf=safe"].flatMap { ["-Xlinker", $0] },
        .when(configuration: .release))
]

let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")

/// What the fuzz targets read with.
let fuzzed: [Target.Dependency] = [
    "RelayCore", "Relay", "Channels", "Freshchat", "FastCGI", httpTypes, logging, crypto,
]

let package = Package(
    name: "byoc",
    products: [
        .executable(name: "byoc", targets: ["byoc"]),
        .executable(name: "byoc-sandbox", targets: ["byoc-sandbox"]),
        // For whoever writes a channel or a store: the doubles and the conformance suites.
        .library(name: "RelayTesting", targets: ["RelayTesting"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    ],
    targets: [
        // The neutral words and the ports. No I/O, no adapter.
        .target(name: "RelayCore", dependencies: [httpTypes, logging], swiftSettings: namedPoints),
        // The engine. Knows no adapter.
        .target(
            name: "Relay",
            dependencies: ["RelayCore", httpTypes, logging, serviceLifecycle],
            swiftSettings: strict
        ),
        // The adapters, each standing alone on RelayCore.
        .target(
            name: "Channels", dependencies: ["RelayCore", httpTypes, logging, crypto], swiftSettings: strict),
        .systemLibrary(name: "CGumbo"),
        .target(
            name: "Freshchat",
            dependencies: ["RelayCore", "CGumbo", httpTypes, logging, crypto, cryptoExtras],
            swiftSettings: strict
        ),
        .target(
            name: "SQLiteStore",
            dependencies: [
                "RelayCore", logging, crypto, .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Outbound",
            dependencies: [
                "RelayCore", httpTypes, logging,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict
        ),
        .systemLibrary(name: "CFastCGI"),
        // The responder. Knows nothing of messaging.
        .target(name: "FastCGI", dependencies: ["CFastCGI", httpTypes, logging], swiftSettings: strict),
        // The settings pages, with their templates and assets inside.
        .target(
            name: "Console",
            dependencies: [
                "RelayCore", httpTypes, logging, crypto, cryptoExtras,
                .product(name: "Mustache", package: "swift-mustache"),
            ],
            resources: [.embedInCode("Templates"), .embedInCode("Assets")],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "byoc",
            dependencies: [
                "RelayCore", "Relay", "Channels", "Freshchat", "SQLiteStore", "Outbound", "FastCGI", "Console",
                httpTypes, logging, crypto, argumentParser, serviceLifecycle, unixSignals,
                .product(name: "Configuration", package: "swift-configuration"),
            ],
            swiftSettings: namedPoints,
            linkerSettings: packed
        ),
        // Doubles of the far sides. Nothing above imports these.
        .target(
            name: "Simulators",
            dependencies: [
                httpTypes, logging, crypto, cryptoExtras, serviceLifecycle,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            resources: [.embedInCode("Playground/Assets")],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "byoc-sandbox",
            dependencies: [
                "Simulators", argumentParser, logging, serviceLifecycle, unixSignals,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        // What tests share: MemoryStore, RecordingSender, the conformance suites.
        .target(
            name: "RelayTesting",
            dependencies: ["RelayCore", httpTypes, logging],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RelayCoreTests", dependencies: ["RelayCore", "RelayTesting", httpTypes], swiftSettings: namedPoints),
        .testTarget(
            name: "OutboundTests",
            dependencies: [
                "Outbound", "RelayCore", "RelayTesting", httpTypes,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RelayTests",
            dependencies: ["Relay", "RelayCore", "RelayTesting", httpTypes, logging],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ChannelsTests",
            dependencies: ["Channels", "RelayCore", "RelayTesting", httpTypes, logging, crypto],
            resources: [.copy("Fixtures")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "FreshchatTests",
            dependencies: ["Freshchat", "RelayCore", "RelayTesting", httpTypes, logging, crypto, cryptoExtras],
            resources: [.copy("Fixtures")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ConsoleTests",
            dependencies: ["Console", "RelayCore", "RelayTesting", httpTypes, logging],
            swiftSettings: strict
        ),
        // A disk for SQLite that fails when a test says so.
        .target(name: "FaultyDisk", path: "Tests/FaultyDisk"),
        .testTarget(
            name: "SQLiteStoreTests",
            dependencies: [
                "SQLiteStore", "RelayCore", "RelayTesting", "FaultyDisk", logging, crypto,
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            resources: [.copy("Fixtures")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "FastCGITests", dependencies: ["FastCGI", httpTypes, logging], swiftSettings: strict),
        .testTarget(
            name: "SimulatorsTests",
            dependencies: [
                "Simulators", httpTypes, logging, crypto, cryptoExtras,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        // The fuzz targets over their corpus; deploy/fuzz builds them once more for libFuzzer, see below.
        .testTarget(
            name: "FuzzTests",
            dependencies: fuzzed,
            path: "Tests/Fuzz",
            exclude: ["Runner", "CLibFuzzer"],
            sources: ["Targets", "Replay"],
            resources: [.copy("Corpus")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TortureTests", dependencies: ["byoc-sandbox", "Simulators"], swiftSettings: strict),
        .testTarget(
            name: "ByocTests",
            dependencies: [
                "byoc", "Simulators", "RelayTesting", httpTypes, logging, crypto,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)

// For deploy/fuzz: the modules with libFuzzer's counters in them, and the program that runs the targets.
if Context.environment["BYOC_FUZZ"] != nil {
    let counted = strict + [.unsafeFlags(["-O", "-sanitize=fuzzer"])]
    for target in package.targets where target.type == .regular { target.swiftSettings = counted }
    package.targets.removeAll { $0.type == .test }
    package.targets += [
        .systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"),
        .executableTarget(
            name: "fuzz",
            dependencies: fuzzed + ["CLibFuzzer"],
            path: "Tests/Fuzz",
            exclude: ["Corpus", "Replay", "CLibFuzzer"],
            sources: ["Targets", "Runner"],
            swiftSettings: counted
        ),
    ]
}

// For deploy/sanitize: only what one module's tests need.
if let wanted = Context.environment["BYOC_TARGETS"]?.split(separator: ",").map(String.init), !wanted.isEmpty {
    package.targets.removeAll { !wanted.contains($0.name) }
    package.products.removeAll()
}

// For deploy/package: where the libraries are that the program takes into itself instead of asking the system for them.
if let folder = Context.environment["BYOC_LIBRARIES"], let byoc = package.targets.first(where: { $0.name == "byoc" }) {
    byoc.linkerSettings = packed + [.unsafeFlags(["-L", folder])]
}
