// Header time: UTC seconds and nanoseconds, years 1 to 9999, as protobuf's Timestamp counts them.
// Invariant: secondsMin <= seconds <= secondsMax and 0 <= nanoseconds < 10^9. The zero time is 0001-01-01, never 1970.
// This is data that validators agree on; nobody below the shells reads a clock.

package struct Timestamp: Hashable, Comparable, Sendable {
    package let seconds: Int64
    package let nanoseconds: Int32

    /// 0001-01-01T00:00:00Z.
    package static let secondsMin: Int64 = -62_135_596_800
    /// 9999-12-31T23:59:59Z.
    package static let secondsMax: Int64 = 253_402_300_799

    /// nil outside the years 1 to 9999 or for nanoseconds outside 0..<10^9.
    package init?(seconds: Int64, nanoseconds: Int32) {
        guard (Self.secondsMin...Self.secondsMax).contains(seconds), (0..<1_000_000_000).contains(nanoseconds) else {
            return nil
        }
        self.init(unchecked: seconds, nanoseconds)
    }

    private init(unchecked seconds: Int64, _ nanoseconds: Int32) {
        (self.seconds, self.nanoseconds) = (seconds, nanoseconds)
    }

    /// 0001-01-01T00:00:00Z, the time of votes for nil and of absent commit entries.
    package static let zero = Timestamp(unchecked: secondsMin, 0)
    /// 1970-01-01T00:00:00Z, which encodes as an empty message.
    package static let epoch1970 = Timestamp(unchecked: 0, 0)

    package static func < (lhs: Timestamp, rhs: Timestamp) -> Bool {
        (lhs.seconds, lhs.nanoseconds) < (rhs.seconds, rhs.nanoseconds)
    }

    /// The time `nanos` later (earlier when negative), clamped to the years 1 to 9999.
    package func adding(nanoseconds delta: Int64) -> Timestamp {
        let (quotient, remainder) = delta.quotientAndRemainder(dividingBy: 1_000_000_000)
        var second = seconds + quotient
        var nanos = Int64(nanoseconds) + remainder
        if nanos < 0 { (second, nanos) = (second - 1, nanos + 1_000_000_000) }
        if nanos >= 1_000_000_000 { (second, nanos) = (second + 1, nanos - 1_000_000_000) }
        if second < Self.secondsMin { return .zero }
        if second > Self.secondsMax { return Timestamp(unchecked: Self.secondsMax, 999_999_999) }
        return Timestamp(unchecked: second, Int32(nanos))
    }

    /// The time `seconds` later, clamped to the years 1 to 9999.
    package func adding(seconds delta: Int64) -> Timestamp {
        let (sum, overflow) = seconds.addingReportingOverflow(delta)
        if overflow || sum > Self.secondsMax {
            return delta < 0 ? .zero : Timestamp(unchecked: Self.secondsMax, 999_999_999)
        }
        return sum < Self.secondsMin ? .zero : Timestamp(unchecked: sum, nanoseconds)
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with `Z`, up to nine decimals, no trailing zeros: the form of every JSON answer.
    package var description: String {
        let days = (seconds - Self.secondsMin) / 86_400
        let second = (seconds - Self.secondsMin) % 86_400
        let date = Self.civil(daysSinceYearOne: days)
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let year = String(String(10_000 + date.year).dropFirst())
        var text = "\(year)-\(two(date.month))-\(two(date.day))T"
        text += "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
        if nanoseconds > 0 {
            var fraction = String(String(1_000_000_000 + Int64(nanoseconds)).dropFirst())
            while fraction.hasSuffix("0") { fraction.removeLast() }
            text += "." + fraction
        }
        return text + "Z"
    }

    /// Proleptic Gregorian date of a day counted from 0001-01-01 (day 0).
    private static func civil(daysSinceYearOne days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // Howard Hinnant's days-to-civil, shifted so that day 0 of the 400-year cycle is 0000-03-01.
        let shifted = days + 306
        let cycle = shifted / 146_097
        let dayOfCycle = shifted % 146_097
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0), month, day)
    }

    /// Parses RFC 3339 in UTC (`Z` only, up to nine decimals); nil for anything else.
    package init?(rfc3339 text: String) {
        let characters = Array(text.utf8)
        guard characters.count >= 20, characters.last == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for index in range {
                let character = characters[index]
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(character) else { return nil }
                value = value * 10 + Int64(character - UInt8(ascii: "0"))
            }
            return value
        }
        let marks: [(Int, String)] = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")]
        for (index, mark) in marks where characters[index] != Array(mark.utf8)[0] { return nil }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), year >= 1, (1...12).contains(month),
            hour < 24, minute < 60, second < 60,
            let days = Self.days(year: year, month: month, day: day)
        else { return nil }
        let seconds = Self.secondsMin + days * 86_400 + hour * 3600 + minute * 60 + second
        guard let nanos = Self.fraction(characters[19..<(characters.count - 1)]) else { return nil }
        self.init(seconds: seconds, nanoseconds: nanos)
    }

    private static func fraction(_ characters: ArraySlice<UInt8>) -> Int32? {
        guard let first = characters.first else { return 0 }
        let digits = characters.dropFirst()
        guard first == UInt8(ascii: "."), (1...9).contains(digits.count) else { return nil }
        var value: Int32 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int32(digit - UInt8(ascii: "0"))
        }
        for _ in digits.count..<9 { value *= 10 }
        return value
    }

    /// Days from 0001-01-01 to a date; nil for a day that the month does not have.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64? {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day >= 1, day <= lengths[Int(month - 1)] else { return nil }
        let past = year - 1
        return past * 365 + past / 4 - past / 100 + past / 400 + lengths[..<Int(month - 1)].reduce(0, +) + day - 1
    }
}
