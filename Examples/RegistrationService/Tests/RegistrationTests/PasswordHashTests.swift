import Registration
import Testing

@Suite("Password hashes")
struct PasswordHashTests {
    @Test("are scrypt's: the third vector of RFC 7914 section 12, as far as it is long enough")
    func areScrypt() throws {
        let hash = PasswordHash(
            text: "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU=$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI=")
        #expect(try hash.matches("pleaseletmein"))
        #expect(try !hash.matches("pleaseletmeout"))
    }

    @Test("of one password differ, tell their cost, and match it alone")
    func areSalted() throws {
        let hash = try PasswordHash(of: "correct horse battery", cost: 4)
        #expect(try hash != PasswordHash(of: "correct horse battery", cost: 4))
        #expect(hash.text.hasPrefix("$scrypt$ln=4,r=8,p=3$"))
        #expect(hash.cost == 4)
        #expect(try PasswordHash(text: hash.text).matches("correct horse battery"))
        #expect(try !hash.matches("correct horse batterY"))
        #expect(!hash.text.contains("horse"))
    }

    @Test(
        "that are none are an error, not a refusal",
        arguments: [
            "", "plain", "$bcrypt$ln=4,r=8,p=3$AA==$AA==", "$scrypt$ln=4,r=8$AA==$AA==", "$scrypt$ln=4,r=8,p=3$AA==$",
        ])
    func areChecked(text: String) {
        #expect(throws: UnreadableHash.self) { try PasswordHash(text: text).matches("correct horse battery") }
    }
}
