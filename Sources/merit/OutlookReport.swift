// Years of supply, issuance, burn, provider income and price under four courses of demand: as text, as
// `merit.outlook.1`, and as one SVG.
import Economy
import Primitives
import RPC

struct OutlookReport {
    let years: UInt64
    let outlooks: [Outlook]

    struct Quantity: Sendable {
        let name: String
        let unit: String
        let value: @Sendable (OutlookDay) -> UInt64
    }

    static let quantities = [
        Quantity(name: "supply", unit: "MRT") { $0.supply / Amount.unitsPerToken },
        Quantity(name: "issued", unit: "MRT in all") { $0.issued / Amount.unitsPerToken },
        Quantity(name: "burned", unit: "MRT in all") { $0.burned / Amount.unitsPerToken },
        Quantity(name: "income", unit: "MRT a day for all providers") { $0.income / Amount.unitsPerToken },
        Quantity(name: "price", unit: "nMRT a compute unit") { $0.price },
    ]

    // MARK: Text

    private static let width = 60
    private static let marks = Array("▁▂▃▄▅▆▇█")

    var text: String {
        var lines = ["\(years) years, left to right; each line from its smallest to its largest value."]
        for quantity in Self.quantities {
            lines += ["", "\(quantity.name), \(quantity.unit)"]
            for outlook in outlooks {
                let values = outlook.days.map(quantity.value)
                let (low, high) = (values.min() ?? 0, values.max() ?? 0)
                lines.append(
                    "  " + outlook.demand.label.padded(8) + Self.line(values, low, high)
                        + "  \(values.first ?? 0) → \(values.last ?? 0)  (\(low) to \(high))")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func line(_ values: [UInt64], _ low: UInt64, _ high: UInt64) -> String {
        guard !values.isEmpty else { return "" }
        return String(
            (0..<width).map { column in
                let value = values[column * (values.count - 1) / (width - 1)]
                let level = high == low ? 0 : UInt128(value - low) * 7 / UInt128(high - low)
                return marks[Int(level)]
            })
    }

    // MARK: JSON

    var json: JSON {
        .object([
            ("schema", .string("merit.outlook.1")), ("years", .number(years)),
            (
                "demands",
                .array(
                    outlooks.map { outlook in
                        .object([
                            ("demand", .string(outlook.demand.label)), ("days", .array(outlook.days.map(Self.json))),
                        ])
                    })
            ),
        ])
    }

    private static func json(_ day: OutlookDay) -> JSON {
        .object([
            ("day", .number(day.day)), ("supply", .decimal(day.supply)), ("issued", .decimal(day.issued)),
            ("burned", .decimal(day.burned)), ("provider_income", .decimal(day.income)),
            ("price", .decimal(day.price)), ("utilisation_ppm", .number(day.utilisation)),
        ])
    }

    // MARK: SVG

    private static let colours = ["#1b7837", "#2166ac", "#b2182b", "#e08214"]
    private static let (chartWidth, chartHeight) = (760, 150)

    var svg: String {
        let height = Self.quantities.count * (Self.chartHeight + 50) + 40
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"900\" height=\"\(height)\" "
                + "font-family=\"sans-serif\" font-size=\"13\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
        ]
        for (index, outlook) in outlooks.enumerated() {
            parts.append(
                "<text x=\"\(60 + index * 110)\" y=\"20\" fill=\"\(Self.colours[index % Self.colours.count])\">"
                    + "\(outlook.demand.label)</text>")
        }
        for (index, quantity) in Self.quantities.enumerated() {
            parts.append(panel(quantity, top: 60 + index * (Self.chartHeight + 50)))
        }
        return (parts + ["</svg>", ""]).joined(separator: "\n")
    }

    private func panel(_ quantity: Quantity, top: Int) -> String {
        let high = max(1, outlooks.flatMap { $0.days.map(quantity.value) }.max() ?? 1)
        var parts = [
            "<text x=\"60\" y=\"\(top - 6)\">\(quantity.name), \(quantity.unit); top line \(high), "
                + "\(years) years</text>",
            "<rect x=\"60\" y=\"\(top)\" width=\"\(Self.chartWidth)\" height=\"\(Self.chartHeight)\" fill=\"none\" "
                + "stroke=\"#bbb\"/>",
        ]
        for (index, outlook) in outlooks.enumerated() {
            let last = max(1, outlook.days.last?.day ?? 1)
            let points = outlook.days.map { day -> String in
                let across = 60 + Int(UInt128(day.day) * UInt128(Self.chartWidth) / UInt128(last))
                let up = Int(UInt128(quantity.value(day)) * UInt128(Self.chartHeight) / UInt128(high))
                return "\(across),\(top + Self.chartHeight - up)"
            }
            parts.append(
                "<polyline fill=\"none\" stroke=\"\(Self.colours[index % Self.colours.count])\" stroke-width=\"1.5\" "
                    + "points=\"\(points.joined(separator: " "))\"/>")
        }
        return parts.joined(separator: "\n")
    }
}
