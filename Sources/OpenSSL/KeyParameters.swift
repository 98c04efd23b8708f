internal import CLibCrypto

/// The numbers of a key pair, handed to OpenSSL one by one, and then made into a key.
///
/// All copies that OpenSSL makes on the way lie in the arena and are wiped when they are freed.
@safe package struct KeyParameters: ~Copyable {
    private let builder: OpaquePointer
    /// Numbers stay alive until the key is made: the builder refers to them.
    private var numbers: [OpaquePointer] = unsafe []
    /// So do octets and names, in blocks of the arena.
    private var octets: [UnsafeMutableRawPointer] = unsafe []

    package init() throws(OpenSSLError) {
        guard let builder = unsafe OSSL_PARAM_BLD_new() else { throw .last("OSSL_PARAM_BLD_new") }
        unsafe self.builder = builder
    }

    deinit {
        for index in unsafe numbers.indices { unsafe BN_clear_free(numbers[index]) }
        for index in unsafe octets.indices { unsafe arena_free(octets[index]) }
        unsafe OSSL_PARAM_BLD_free(builder)
    }

    /// Adds a number, big-endian.
    package mutating func add(_ name: Name, number bytes: Span<UInt8>) throws(OpenSSLError) {
        let builder = unsafe builder
        // Reason: BN_bin2bn copies `count` bytes; the number is freed with this value.
        let number = unsafe bytes.withUnsafeBufferPointer {
            unsafe BN_bin2bn($0.baseAddress, Int32($0.count), nil)
        }
        guard let number = unsafe number else { throw .last("BN_bin2bn") }
        unsafe numbers.append(number)
        guard unsafe OSSL_PARAM_BLD_push_BN(builder, name.text.cString, number) == 1 else {
            throw .last("OSSL_PARAM_BLD_push_BN")
        }
    }

    /// Adds octets: an encoded point, or half of an Edwards key.
    package mutating func add(_ name: Name, octets bytes: Span<UInt8>) throws(OpenSSLError) {
        // The builder keeps a pointer, so the octets are copied into the arena first.
        guard let copy = unsafe arena_allocate(bytes.count) else {
            throw OpenSSLError(call: "arena_allocate", reason: nil)
        }
        unsafe octets.append(copy)
        let builder = unsafe builder
        // Reason: `count` bytes are copied into a block of that size, which lives as long as this value.
        let isAdded = unsafe bytes.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { unsafe copy.copyMemory(from: start, byteCount: source.count) }
            return unsafe OSSL_PARAM_BLD_push_octet_string(builder, name.text.cString, copy, source.count)
        }
        guard isAdded == 1 else { throw .last("OSSL_PARAM_BLD_push_octet_string") }
    }

    /// Adds the name of a curve.
    package mutating func add(curve: KeyPair.Curve) throws(OpenSSLError) {
        // The builder keeps this pointer as well.
        let name = Array(curve.rawValue.utf8)
        guard let copy = unsafe arena_allocate(name.count + 1) else {
            throw OpenSSLError(call: "arena_allocate", reason: nil)
        }
        unsafe octets.append(copy)
        // Reason: the text and its NUL fit the block.
        let text = unsafe copy.initializeMemory(as: UInt8.self, repeating: 0, count: name.count + 1)
        for offset in name.indices { unsafe text[offset] = name[offset] }
        let characters = unsafe UnsafeRawPointer(copy).assumingMemoryBound(to: CChar.self)
        guard unsafe OSSL_PARAM_BLD_push_utf8_string(builder, Name.group.cString, characters, 0) == 1 else {
            throw .last("OSSL_PARAM_BLD_push_utf8_string")
        }
    }

    /// Makes the key.
    package consuming func makeKey(_ type: KeyPair.AlgorithmName, isPrivate: Bool) throws(OpenSSLError) -> KeyPair {
        guard let parameters = unsafe OSSL_PARAM_BLD_to_param(builder) else { throw .last("OSSL_PARAM_BLD_to_param") }
        defer { unsafe OSSL_PARAM_free(parameters) }
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, type.rawValue, nil) else {
            throw .last("EVP_PKEY_CTX_new_from_name")
        }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        let selection = isPrivate ? KEY_SELECTION_PAIR : KEY_SELECTION_PUBLIC
        guard unsafe EVP_PKEY_fromdata_init(context) == 1,
            unsafe EVP_PKEY_fromdata(context, &key, selection, parameters) == 1, let key = unsafe key
        else { throw .last("EVP_PKEY_fromdata") }
        return try unsafe KeyPair(owning: key, hasPrivateHalf: isPrivate)
    }

    /// OpenSSL's names of the numbers (core_names.h).
    package enum Name: Sendable {
        case modulus, publicExponent, privateExponent, prime1, prime2, exponent1, exponent2, coefficient
        case publicKey, privateKey, x, y
        fileprivate static let group: StaticString = "group"

        var text: StaticString {
            switch self {
            case .modulus: "n"
            case .publicExponent: "e"
            case .privateExponent: "d"
            case .prime1: "rsa-factor1"
            case .prime2: "rsa-factor2"
            case .exponent1: "rsa-exponent1"
            case .exponent2: "rsa-exponent2"
            case .coefficient: "rsa-coefficient1"
            case .publicKey: "pub"
            case .privateKey: "priv"
            case .x: "qx"
            case .y: "qy"
            }
        }
    }
}

extension StaticString {
    /// A C string that lives as long as the process: the builder keeps the pointers to its names.
    var cString: UnsafePointer<CChar> {
        // Reason: a StaticString ends with NUL, and chars are bytes.
        unsafe UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
