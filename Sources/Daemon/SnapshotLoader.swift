internal import Authorization
internal import SignetConfiguration
internal import HostConfiguration
internal import JOSE
internal import Keys
internal import POSIX
internal import SigningService
internal import StrictJSON

/// Builds the snapshot that is served from what the configuration says: reads the keyrings, resolves the names.
struct SnapshotLoader {
    let settings: Settings
    /// The user that the daemon runs as; always an admin.
    let user: UInt32
    /// Where systemd put the service's credentials, as `$CREDENTIALS_DIRECTORY` said at the start; nil: nowhere.
    let credentials: String?
    /// Longest token that is signed, in bytes; as the daemon began with, for it goes with the longest line.
    let largestToken: Int
    /// Whether a peer's unit is certain whatever its user: else an entry with units must name users or groups, too.
    let holdsPeers: Bool
    /// The host's name; nil: it has none.
    let hostName: String?

    /// What came of it, for a person.
    struct Report {
        var loaded: [String] = []
        var warnings: [String] = []
        /// Keyrings that could not be read: they stand empty, the others serve.
        var broken: [KeyError] = []
        /// The names of those keyrings.
        var emptied: Set<ByteString> = []
        /// KEKs that could not be read. Rings that need them are broken.
        var brokenKEKs: [KeyError] = []
    }

    /// What is served.
    struct Loaded {
        let snapshot: Snapshot
        let rings: [ServedRing]
    }

    /// - Parameters:
    ///   - now: Seconds since 1970-01-01 UTC.
    ///   - history: What is known of the keys from before.
    func load(at now: Int64, _ history: KeyHistory, generation: Int64) -> (Loaded, Report) {
        var report = Report()
        let keyrings = refuseSharedKeys(loadKeyrings(at: now, history, &report), &report)
        let profiles = settings.profiles.map { profile($0, &report) }
        let admins = Who(
            users: resolve(settings.server.adminUsers, "[server] admin users", alsoUser: user, &report),
            groups: resolveGroups(settings.server.adminGroups, "[server] admin groups", &report))
        let snapshot = Snapshot(
            keyrings: keyrings, profiles: profiles, admins: admins, audit: audit, largestToken: largestToken,
            generation: generation)
        let rings = zip(settings.keyrings, keyrings).map { serve($0, $1, isBroken: report.emptied.contains($0.name)) }
        return (Loaded(snapshot: snapshot, rings: rings), report)
    }

    private var audit: AuditScope {
        switch settings.server.audit {
        case .none: .none
        case .denied: .denied
        case .all: .all
        }
    }

    /// KEKs are read anew for each load, and are gone when this returns (rule MEM-1).
    private func loadKeyrings(at now: Int64, _ history: KeyHistory, _ report: inout Report) -> [Keyring] {
        let files = KEKFiles(settings.server.keks, credentials: credentials)
        let keks = KeyEncryptionKeys.read(files.paths, user: user, failures: files.failures)
        report.brokenKEKs = keks.failures
        return settings.keyrings.map { load($0, keks, at: now, history, &report) }
    }

    private func load(
        _ ring: KeyringSettings, _ keks: KeyEncryptionKeys, at now: Int64, _ history: KeyHistory,
        _ report: inout Report
    ) -> Keyring {
        let directory = KeyDirectory(path: ring.directory, user: user)
        do throws(KeyError) {
            let (loaded, warnings) = try directory.load(ring: ring.name, algorithm: ring.algorithm, keks: keks)
            report.warnings += warnings
            let keyring = history.recall(
                loaded, at: now, verifierCache: ring.verifierCache, longestLife: longestLife(of: ring.name),
                publishesItself: ring.publish != nil)
            let keys = keyring.keys.count == 1 ? "1 key" : "\(keyring.keys.count) keys"
            let name = "keyring \(ring.name.quoted): \(ring.algorithm.name), \(keys) in \(ring.directory)"
            if let signing = keyring.signingKey(at: now) {
                report.loaded.append("\(name), signs with \(keyring.keys[signing].kid.quoted)")
            } else {
                report.warnings.append("\(name), none may sign: make one with `signet key new \(ring.directory)`")
            }
            return keyring
        } catch {
            report.broken.append(error)
            report.emptied.insert(ring.name)
            return Keyring(name: ring.name, algorithm: ring.algorithm, keys: [])
        }
    }

    /// - Parameter isBroken: What was published of the ring stands as it is: verifiers may need it.
    private func serve(_ ring: KeyringSettings, _ keyring: Keyring, isBroken: Bool) -> ServedRing {
        let publication =
            isBroken
            ? nil
            : ring.publish.map { path in
                KeyPublication(
                    path: ByteString(path), issuer: settings.publishedIssuer(ofKeyring: ring.name),
                    algorithm: ring.algorithm.name)
            }
        return ServedRing(
            ring: keyring, leeway: settings.leeway(ofKeyring: ring.name), longestLife: longestLife(of: ring.name),
            publication: publication)
    }

    private func longestLife(of ring: ByteString) -> Int64 { settings.longestLife(ofKeyring: ring) ?? KeyRecord.never }

    /// One key, one algorithm: a key in rings of different algorithms breaks the later ring.
    private func refuseSharedKeys(_ keyrings: [Keyring], _ report: inout Report) -> [Keyring] {
        var owners: [[UInt8]: Key] = [:]
        return keyrings.map { ring in
            for key in ring.keys {
                if let owner = owners[key.material.fingerprint], owner.algorithm != ring.algorithm {
                    report.broken.append(
                        KeyError(
                            key.file, "is the key of \(owner.file), which is for \(owner.algorithm.name)",
                            fix: "make a key of its own for \(ring.algorithm.name)"))
                    report.emptied.insert(ring.name)
                    return Keyring(name: ring.name, algorithm: ring.algorithm, keys: [])
                }
                owners[key.material.fingerprint] = key
            }
            return ring
        }
    }

    private func profile(_ settings: ProfileSettings, _ report: inout Report) -> Profile {
        let allow = settings.allow.enumerated().map { index, entry in
            AllowEntry(
                number: index + 1, source: ByteString(entry.position.brief), who: who(entry, &report),
                permissions: Set(entry.operations.map { $0 == .sign ? Permission.sign : .verify }),
                audiences: entry.audiences, allowedClaims: allowance(entry.allowedClaims), maximumTTL: entry.maxTTL,
                rate: entry.rate)
        }
        report.loaded.append(
            "profile \(settings.name.quoted): keyring \(settings.keyring.quoted), "
                + (allow.count == 1 ? "1 allow entry" : "\(allow.count) allow entries"))
        return Profile(
            name: settings.name, keyring: settings.keyring, content: settings.content == .bytes ? .bytes : .claims,
            validation: ClaimsValidation(
                issuer: settings.issuer, requiredClaims: settings.requiredClaims, leeway: settings.leeway),
            audiences: settings.audiences, ttl: settings.ttl, maximumTTL: settings.maxTTL, backdate: settings.backdate,
            type: TokenType(settings.type), fixedClaims: fixedClaims(settings, &report), allow: allow)
    }

    private func allowance(_ list: ClaimList) -> ClaimAllowance {
        switch list {
        case .any: .all
        case .named(let names): .only(names)
        }
    }

    private func who(_ entry: AllowSettings, _ report: inout Report) -> Who {
        let place = entry.position.description
        let users: NameList? =
            switch entry.users {
            case nil: nil
            case .everyone: NameList(names: ["*"], ids: [])
            case .named(let names): resolve(names, place, alsoUser: nil, &report)
            }
        let groups = entry.groups.map { resolveGroups($0, place, &report) }
        let who = Who(users: users, groups: groups, units: entry.units)
        if who.restsOnUnitAlone, !holdsPeers {
            report.warnings.append(
                "\(place): this kernel cannot hold on to the process that connects (SO_PEERPIDFD, Linux 6.5), so an entry "
                    + "with units must name users or groups as well; it matches nobody")
            return Who(users: NameList(names: [], ids: []), groups: nil, units: entry.units)
        }
        return who
    }

    /// Users that exist; any other name matches nobody, and the report says so.
    private func resolve(
        _ names: [ByteString], _ place: String, alsoUser: UInt32?, _ report: inout Report
    ) -> NameList {
        var ids = alsoUser.map { [$0] } ?? []
        var known: [ByteString] = []
        for name in names {
            do throws(Errno) {
                if let uid = try UserDatabase.userID(named: name.text) {
                    if Identity.isRecycled(uid) {
                        report.warnings.append(
                            "\(place): user \(name.quoted) is uid \(uid), which others may get: it matches nobody; name "
                                + "the unit that it runs in")
                    } else {
                        ids.append(uid)
                        known.append(name)
                    }
                } else {
                    report.warnings.append("\(place): there is no user \(name.quoted); it matches nobody")
                }
            } catch {
                report.warnings.append("\(place): user \(name.quoted) cannot be looked up: \(error)")
            }
        }
        return NameList(names: known, ids: ids)
    }

    private func resolveGroups(_ names: [ByteString], _ place: String, _ report: inout Report) -> NameList {
        var ids: [UInt32] = []
        var known: [ByteString] = []
        for name in names {
            do throws(Errno) {
                if let gid = try UserDatabase.groupID(named: name.text) {
                    if Identity.isRecycled(gid) {
                        report.warnings.append(
                            "\(place): group \(name.quoted) is gid \(gid), which others may get: it matches nobody; "
                                + "name the unit that it is of")
                    } else {
                        ids.append(gid)
                        known.append(name)
                    }
                } else {
                    report.warnings.append("\(place): there is no group \(name.quoted); it matches nobody")
                }
            } catch {
                report.warnings.append("\(place): group \(name.quoted) cannot be looked up: \(error)")
            }
        }
        return NameList(names: known, ids: ids)
    }
}
