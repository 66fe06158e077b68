import Testing

@testable import Economy

@Suite("means and bounds")
struct EstimateTests {
    @Test(
        "the root is the floor",
        arguments: [(0, 0), (1, 1), (3, 1), (4, 2), (99, 9), (100, 10), (1 << 120, 1 << 60)] as [(UInt128, UInt128)])
    func root(value: UInt128, root: UInt128) { #expect(Estimate.root(value) == root) }

    @Test("of 1, 2, 3 and 4 million the mean is 2.5 and the margin 3.182 * 0.645497 million")
    func margin() {
        let estimate = Estimate([1_000_000, 2_000_000, 3_000_000, 4_000_000])
        #expect(estimate.mean == 2_500_000)
        #expect(estimate.margin == 2_053_971)
        #expect(estimate.low == 446_029)
        #expect(estimate.high == 4_553_971)
    }

    @Test("equal values have no width, one value has no bounds, and losses are negative")
    func edges() {
        #expect(Estimate([-7_000, -7_000]).margin == 0)
        #expect(Estimate([-7_000]).margin == nil)
        #expect(Estimate([-3_000, -5_000]).mean == -4_000)
    }

    @Test("amounts of 10^18 do not overflow")
    func wide() throws {
        let estimate = Estimate([.max / 2, .min / 2, .max / 2, .min / 2])
        #expect(estimate.mean == 0)
        #expect(try #require(estimate.margin) > .max / 2)
    }

    @Test("half the margin takes four times the runs, rounded up; no margin, none or no runs at all say nothing")
    func moreRuns() throws {
        let estimate = Estimate([1_000_000, 2_000_000, 3_000_000, 4_000_000])
        let margin = try #require(estimate.margin).magnitude
        #expect(estimate.runs(forMargin: margin) == 4)
        #expect(estimate.runs(forMargin: margin - 1) == 5)
        #expect(estimate.runs(forMargin: 2 * margin) == 1)
        #expect(estimate.runs(forMargin: (margin + 1) / 2) == 16)
        #expect(estimate.runs(forMargin: 0) == nil && Estimate([7]).runs(forMargin: 1) == nil)
        #expect(Estimate([.max / 2, .min / 2]).runs(forMargin: 1) == nil)
    }
}
